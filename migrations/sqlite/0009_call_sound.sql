-- How a call sounded: null where it had no sound, or where nobody can tell.
alter table calls add column sound text;
alter table calls add column heard_mos real;
alter table calls add column heard_loss real;
alter table calls add column heard_jitter_ms real;
alter table calls add column said_mos real;
alter table calls add column said_loss real;
alter table calls add column said_jitter_ms real;
alter table calls add column round_trip_ms real;
alter table calls add column lost integer;
alter table calls add column late integer;
alter table calls add column concealed integer;
alter table calls add column depth_ms integer;
alter table calls add column skew_ppm integer;
