create table appointments (
    id text not null primary key,
    patient text not null references patients (id),
    practitioner text not null references practitioners (id),
    slot text not null references slots (id),
    starts_at text not null,
    visit_type text not null,
    status text not null check (status in ('booked', 'cancelled')),
    -- Microseconds since 1970 UTC.
    changed_at integer not null
) strict;

-- The one rule that no race can break: a slot has at most one booked appointment.
create unique index one_booked_a_slot on appointments (slot) where status = 'booked';
create index appointments_by_patient on appointments (patient, starts_at);
