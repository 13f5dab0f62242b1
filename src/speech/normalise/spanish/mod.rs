//! Spanish as it is spoken in the Americas, as people say what is written.
//!
//! A date with slashes is read day first, as Spanish is written in the United States too (Unicode CLDR, es-US), a
//! stop in a number is a decimal point and a comma stands between thousands.

mod moments;
mod numbers;
mod words;

use std::sync::LazyLock;

use super::rule::{self, FOREIGN_DIGITS, Rule, SIGNS};
use moments::{self as m, MONTHS};
use words as w;

const UNIT: &str = "mg|mcg|ml|kg|lbs?|oz|cm|mm|km|hrs|min|seg|ui|g|h|l";
const SHORT: &str = "Dr|Dra|Dres|Sr|Sra|Sres|Srta|Ud|Uds|Lic|Prof|Av|Avda|Blvd|Apto|Apt|Depto|Tel|Pág|Aprox|Etc|St|Ave";
const NUMBERED: &str = "código postal|código|clave|pin|identificación|expediente|póliza|reclamo|habitación|cuarto|sala|(?:número|núm\\.?) de (?:confirmación|miembro|socio|caso|cuenta|expediente|póliza|grupo|referencia|receta)";

/// All rules.
pub(super) static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    [words_and_codes(), moments(), numbers_and_signs()].into_iter().flatten().collect()
});

/// Signs, the web, titles, telephone numbers and letters.
fn words_and_codes() -> Vec<Rule> {
    Rule::table(&[
        (r"\b([\w.+-]+)@([\w-]+(?:\.[\w-]+)+)\b", w::mail),
        (
            r"(?i)(?:\bhttps?://)?\b(www\.)?((?:[a-z0-9-]+\.)+(?:com|org|net|gov|edu|health|example|io|us|care|clinic))\b(/[\w./-]*\w)?/?",
            w::site,
        ),
        (r"\b(\d{1,3})\.?([ºª])( \p{L})?", w::nth),
        (r"\b(\d{1,3})(er|ero|ra|do|da|to|ta|vo|no|mo)\b", w::nth),
        (r"(?i)\bn(?:\.?[º°]|úm\.?|ro\.|o\.) ?(\d)", w::numero),
        (SIGNS, rule::sign),
        (FOREIGN_DIGITS, rule::foreign_digit),
        (&format!(r"(?i)\b({SHORT})\b(\.)(\s*)($|(?-i:[A-ZÁÉÍÓÚÑ¿¡]))?"), w::short),
        (r"\b(Dra|Dr|Sra|Sr|Srta)()( )()?", w::short),
        (
            r"(?i:\b(opción|letra|parte|plan|grupo|tipo|sala|vitamina|hepatitis) )?\b((?:[A-ZÑ]\.\s?)+)([A-ZÁÉÍÓÚÑ])",
            w::initials,
        ),
        (r"\b\p{L}(?:-\p{L}){2,}\b", w::letters),
        (
            r"(?:(\+?\b1)[ .-]?)?(?:\((\d{3})\) ?|\b(\d{3})[ .-]?)(\d{3})[ .-]?(\d{4})\b",
            w::telephone,
        ),
        (r"(?:\+1|\b1)(\d{3})(\d{3})(\d{4})\b", w::telephone_e164),
        (r"\b(\d{3})-(\d{4})\b", w::telephone_local),
        (r"(?i)\b(?:extensión|ext\.?)\s*(\d{1,6})\b", w::extension),
    ])
}

/// Dates and times.
fn moments() -> Vec<Rule> {
    Rule::table(&[
        (r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b", m::date_iso),
        (r"\b(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d{2})\b", m::date_slashed),
        (r"\b\d+(?:-\d+){2,}\b|\b\d{5}-\d{4}\b", w::dashed),
        (r"\b24/7\b", m::always),
        (
            r"(?i)\b(?:(\d{1,3}) )?(\d)/(\d)( de)? (tabletas?|pastillas?|cápsulas?|tazas?|horas?|cucharaditas?|cucharadas?|dosis|comprimidos?|vasos?|kilos?|litros?|días?|años?|meses|millas?)\b",
            w::fraction,
        ),
        (r"\b(\d{2,3})/(\d{2,3})\b", w::pressure),
        (r"\b(\d{1,2})/(\d{1,2})\b", m::date_short),
        (r"(?i)\b(lun|mar|mié|mie|jue|vie|sáb|sab|dom)\.", m::weekday),
        (
            r"(?i)\b(\d{1,2}(?::\d\d)?(?: ?[ap]\. ?m\.|\s?[ap]m\b)?)\s?-\s?(\d{1,2}(?::\d\d)?\s?[ap]\.?\s?m)",
            m::range,
        ),
        (r"\b(\d{1,2}:\d\d)\s?-\s?(\d{1,2}:\d\d)\b", m::range),
        (
            r"(?i)(\b(?:las?|de|a|desde|hasta) )?\b(\d{1,2})(?::([0-5]\d))?\s?([ap])\.?\s?m\b\.?((?-i:\s*$|\s+[A-ZÁÉÍÓÚ¿¡]))?",
            m_time,
        ),
        (
            r"(?i)(\b(?:las?|de|a|desde|hasta) )?\b(\d{1,2}):([0-5]\d)\b(?: ?h(?:rs)?\b\.?)?",
            m::clock,
        ),
        (
            r"(?i)(\blas? )(\d{1,2})\b( de la (?:mañana|tarde|noche|madrugada)| en punto|[,.?!]|$| y | o | a )",
            m::hour,
        ),
        (r"\b1( de la (?:mañana|tarde|noche|madrugada))\b", m::one),
        (&format!(r"(?i)\b(\d{{1,2}})\s?(?:-|al)\s?(\d{{1,2}}) de ({MONTHS})\b"), m::days_of_month),
        (
            &format!(
                r"(?i)\b(\d{{1,2}})(?: de |[ -])({MONTHS})\b\.?(?:(?:,? (?:de |del )?|-)(\d{{4}})\b)?"
            ),
            m::date,
        ),
        (
            &format!(r"(?i)\b({MONTHS})\.? (\d{{1,2}})\b(?:,? (?:de |del )?(\d{{4}})\b)?"),
            m::date_month_first,
        ),
        (&format!(r"(?i)\b({MONTHS}) (?:de |del )?(\d{{4}})\b"), m::month_and_year),
    ])
}

/// The part of the day closes the sentence as its abbreviation's stop does.
fn m_time(found: &regex::Captures<'_>) -> Option<String> {
    let said = m::time(found)?;
    let Some(after) = found.get(5) else { return Some(said) };
    let end = after.as_str();
    let dotted = found[0][..found[0].len() - end.len()].ends_with('.');
    let head = said[..said.len() - end.len()].to_owned();
    let capital = end.trim().chars().next().is_none_or(|c| !c.is_lowercase());
    Some(format!("{head}{}{end}", if dotted && capital { "." } else { "" }))
}

/// What is left: numbers, measures, signs.
fn numbers_and_signs() -> Vec<Rule> {
    Rule::table(&[
        (r"\b(?:911|988|211|311|411|711)\b", w::emergency),
        (&format!(r"(?i)\b({NUMBERED})(?:\s*:)?\s+((?:es\s+)?)(\d{{3,}})\b"), w::numbered),
        (r"\b[A-Z0-9]+(?:-[A-Z0-9]+)*\b", w::mixed),
        (r"\$ ?(\d{1,3}(?:,\d{3})+|\d+)(?:[.,](\d\d)\b)?", w::money),
        (r"\b(\d+) ?€", w::euros),
        (
            &format!(
                r"(?i)\b(\d{{1,3}}(?:,\d{{3}})+|\d*[.,]?\d+) ?({UNIT})(?:/({UNIT}|dl|día))?\b"
            ),
            w::unit,
        ),
        (r"(\d)/(día|mes|semana|año|hora|visita|dosis|persona)\b", w::per),
        (r"(\d)\s?%", w::percent),
        (r"#\s?(\d)", w::hash),
        (r"\b(\d{1,3}(?:,\d{3})+|\d+)(\.)(\d+)\b", w::decimal),
        // Nothing begins a thousand with a nought.
        (r"\b(0)(,)(\d+)\b", w::decimal),
        (r"\b(\d+)(,)(\d{1,2})\b", w::decimal),
        (r"\b(\d+)\s?-\s?(\d+)\b", m::range),
        (r"(^|[ (])-(\d)", w::minus),
        (r"(\p{L})([0-9])", rule::apart),
        (r"([0-9])(\p{L})", rule::apart),
        (r"\b(\d{1,3}(?:,\d{3})+|\d+)( \p{L}+)?", w::counted),
        (r"[0-9]+()()", w::left_over),
        (r"\b[A-ZÑ]{2,5}\b", w::capitals),
        (r"(?i)(\b(?:letra|vitamina|hepatitis|tipo|sala|edificio|con) )([a-zñ])\b", w::one_letter),
        (r"(?i)\b(\p{L}+)/(\p{L}+)\b", w::either),
        (r"\s-+\s", w::dash),
        (r"°\s?([FC])\b", w::degrees),
        (r"[+=@°~<>≤≥×%$&]", w::symbol),
    ])
}
