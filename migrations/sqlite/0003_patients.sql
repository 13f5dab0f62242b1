-- Dates are ISO text (1984-03-09), telephone numbers E.164.
create table patients (
    id text not null primary key,
    given text not null,
    family text not null,
    birth_date text not null,
    phone text,
    zip text
) strict;

create index patients_by_birth_date on patients (birth_date);
create index patients_by_phone on patients (phone);
