-- Civil time of the practice, ISO text to the second (2026-03-19T10:00:00), so that text order is time order.
-- Whether a slot is free is not stored: it is free when no booked appointment holds it.
create table slots (
    id text not null primary key,
    practitioner text not null references practitioners (id),
    starts_at text not null,
    minutes integer not null,
    unique (practitioner, starts_at)
) strict;

create index slots_by_start on slots (starts_at, id);
