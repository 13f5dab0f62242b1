-- Facts about the book itself: the practice's public facts, the seed it was made from.
create table meta (
    key text not null primary key,
    value text not null
) strict;
