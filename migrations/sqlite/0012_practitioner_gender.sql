-- "woman" or "man", for languages that tell "la doctora" from "el doctor"; null where the practice has not said.
alter table practitioners add column gender text;
