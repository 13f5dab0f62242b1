-- Each write done, by its idempotency key: a repeat finds its first result here.
create table writes (
    key text not null primary key,
    kind text not null check (kind in ('book', 'reschedule', 'cancel')),
    appointment text not null references appointments (id),
    done_at integer not null
) strict;
