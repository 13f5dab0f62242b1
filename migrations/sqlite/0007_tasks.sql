-- Work for staff: hand-off notes and callbacks.
create table tasks (
    id text not null primary key,
    key text not null unique,
    kind text not null check (kind in ('hand_off', 'callback')),
    call_id text not null,
    patient text references patients (id),
    caller text,
    target text,
    reason text not null,
    summary text not null,
    status text not null check (status in ('open', 'done')),
    created_at integer not null
) strict;

create index tasks_by_call on tasks (call_id);
