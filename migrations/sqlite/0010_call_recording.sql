-- What there is of a call as a recording, and whether the caller agreed: null where nobody asked.
alter table calls add column consent text;
alter table calls add column recording text;
alter table calls add column recording_complete integer;
alter table calls add column recording_ms integer;
alter table calls add column recording_paused_ms integer;
alter table calls add column recording_lost integer;
