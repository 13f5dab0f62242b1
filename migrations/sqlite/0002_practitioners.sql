create table practitioners (
    id text not null primary key,
    given text not null,
    family text not null,
    spoken text not null,
    specialty text not null
) strict;
