-- The wrap-up row of each call, whatever its ending.
create table calls (
    call_id text not null primary key,
    started_at integer not null,
    ended_at integer not null,
    trunk text not null,
    caller text,
    patient text,
    end_reason text not null,
    goals text not null,
    escalation_reason text,
    hand_off text,
    turns integer not null,
    tools_called integer not null,
    tool_errors integer not null,
    barge_ins integer not null,
    gap_p50_ms integer,
    gap_max_ms integer,
    summary text not null,
    audit_head text
) strict;

create index calls_by_start on calls (started_at);
