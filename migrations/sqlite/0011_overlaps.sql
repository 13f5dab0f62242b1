-- Sounds over the agent's speech after which it went on, and those of them that were signs of listening.
alter table calls add column resumed integer;
alter table calls add column backchannels integer;
