//! Reads `[hours.…]` and `[holidays.…]` of a dialplan, and says what they can never do.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::tz::TimeZone;
use serde::Deserialize;
use toml::Spanned;

use crate::dialplan::{Calendar, Gap, Holiday, Hours, Moments, Opening};

use super::Code;
use super::file::{OneOrMany, Reader, Text};
use super::names::{Names, Table};
use super::plan_file::all;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct HoursFile {
    open: Spanned<OneOrMany>,
    except: Option<Spanned<OneOrMany>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct HolidaysFile {
    dates: Spanned<OneOrMany>,
}

/// Where each line of opening times stands.
pub(super) type OpeningPlaces = Vec<(Opening, Range<usize>)>;

/// Defines all names; `None` when any of it cannot be read.
pub(super) fn define(
    reader: &mut Reader<'_>,
    names: &mut Names,
    hours: BTreeMap<Text, HoursFile>,
    holidays: BTreeMap<Text, HolidaysFile>,
) -> Option<OpeningPlaces> {
    let mut complete = true;
    let mut places = Vec::new();
    let mut days: BTreeMap<String, Vec<Holiday>> = BTreeMap::new();
    for (name, raw) in holidays {
        complete &= sound_name(reader, &name);
        let dates = all(reader, raw.dates, "a date", Holiday::parse);
        complete &= dates.is_some();
        let dates = dates.unwrap_or_default();
        names.holidays.define(&name, dates.iter().map(|holiday| holiday.day).collect());
        days.insert(name.into_inner(), dates);
    }
    for (name, raw) in hours {
        complete &= sound_name(reader, &name) & only_once(reader, &names.holidays, &name);
        let texts = OneOrMany::texts(raw.open);
        let spans: Vec<_> = texts.iter().map(Spanned::span).collect();
        let open: Vec<Opening> = texts
            .iter()
            .filter_map(|text| reader.value(text, "opening hours", Opening::parse))
            .collect();
        complete &= open.len() == texts.len();
        let mut except = Vec::new();
        for list in raw.except.map(OneOrMany::texts).unwrap_or_default() {
            match names.holidays.look_up(reader, &list, "holidays") {
                Some(_) => except.extend(days.get(list.get_ref()).into_iter().flatten()),
                None => complete = false,
            }
        }
        places.extend(open.iter().cloned().zip(spans));
        names.hours.define(&name, Hours { open, except });
    }
    complete.then_some(places)
}

/// A name that `when` can say.
fn sound_name(reader: &mut Reader<'_>, name: &Text) -> bool {
    let text = name.get_ref();
    let word = !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
    if word && !["and", "or", "not"].contains(&text.as_str()) {
        return true;
    }
    let title = format!("`when` cannot say the name \"{text}\"");
    let help = "use letters, digits and dashes, and no and, or, not";
    reader.error(Code::Value, name.span(), title, "", help);
    false
}

fn only_once<T>(reader: &mut Reader<'_>, holidays: &Table<T>, name: &Text) -> bool {
    let twice = holidays.names().any(|known| known == name.get_ref());
    if twice {
        let title = format!("hours and holidays are both called \"{}\"", name.get_ref());
        let help = "call one of them something else: `when` could mean either";
        reader.error(Code::Duplicate, name.span(), title, "", help);
    }
    !twice
}

/// Warns of hours that never open, and of opening times at which there is no such time.
pub(super) fn warn(
    reader: &mut Reader<'_>,
    names: &Names,
    calendar: &Calendar,
    moments: &Moments,
    zone: &TimeZone,
    openings: &OpeningPlaces,
) {
    for name in calendar.hours.keys().filter(|name| moments.name(calendar, name).never()) {
        let title = format!("[hours.{name}] never opens");
        let help = "write open = [\"mon-fri 08:00-17:00\"]";
        reader.warning(Code::NoEffect, names.hours.place(name), title, help);
    }
    let gaps = Gap::of(zone);
    for (opening, place) in openings {
        if let Some(gap) = gaps.iter().find(|gap| gap.cuts(opening)) {
            let title = format!("this names a time that is skipped: {gap}");
            let help = "begin and end an hour before or after it";
            reader.warning(Code::NoEffect, place.clone(), title, help);
        }
    }
}
