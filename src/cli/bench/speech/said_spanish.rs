//! What is said in Spanish: as Mexican callers of a practice in the United States say it.

use jiff::civil::Date;

use super::said::{Fact, Truth};
use crate::base::Dice;

#[rustfmt::skip]
pub(super) const SENTENCES: &[&str] = &[
    "Quisiera hacer una cita para el jueves por la mañana.",
    "Necesito cambiar mi cita con la doctora Patel.",
    "¿Me puede decir a qué hora cierran el viernes?",
    "Tengo fiebre y tos desde el lunes.",
    "Mi seguro cambió a principios de mes.",
    "Necesito que me surtan la medicina para la presión.",
    "¿Podría pedirle a la enfermera que me llame esta tarde?",
    "Sí, así es.",
    "No, dije el catorce, no el cuarenta.",
    "¿No hay algo antes en la semana?",
    "Me dijeron que viniera a seguimiento en seis semanas.",
    "Mi hija necesita un examen físico para la escuela.",
    "Hablo por la cuenta que me llegó la semana pasada.",
    "Mañana no puedo ir porque se descompuso mi carro.",
    "¿Tengo que ir en ayunas al examen de sangre?",
    "Prefiero ver al mismo doctor de la vez pasada.",
    "Por favor, cancele mi cita del miércoles a las dos y media.",
    "¿Puedo hablar con una persona, por favor?",
    "Ayer dejé un recado y nadie me ha llamado.",
    "¿Dónde me puedo estacionar cuando vaya a la clínica?",
    "En la farmacia dicen que nunca les llegó la receta.",
    "Me ha dolido la cabeza como dos semanas.",
    "¿Qué tengo que llevar a la primera consulta?",
    "Me duele cuando doblo la rodilla.",
    "El próximo martes en la tarde me queda perfecto.",
    "¿Tiene algo para el veintitrés?",
    "¿Cuánto cuesta la consulta sin seguro?",
    "Creo que me hizo daño la medicina nueva.",
    "Mi mamá tiene cita a las nueve y cuarto.",
    "Muchas gracias, que tenga un buen día.",
];

#[rustfmt::skip]
pub(super) const GIVEN: &[&str] = &[
    "María", "José", "Guadalupe", "Juan", "Rosa", "Luis", "Carmen", "Carlos", "Ana", "Miguel", "Teresa", "Jesús",
    "Verónica", "Francisco", "Leticia", "Antonio", "Gloria", "Ricardo", "Patricia", "Eduardo", "Silvia", "Raúl",
    "Elena", "Sergio", "Lucía", "Fernando", "Beatriz", "Andrés",
];
#[rustfmt::skip]
pub(super) const FAMILY: &[&str] = &[
    "García", "Hernández", "Martínez", "López", "González", "Rodríguez", "Pérez", "Sánchez", "Ramírez", "Cruz",
    "Flores", "Gómez", "Morales", "Vázquez", "Reyes", "Jiménez", "Torres", "Díaz", "Gutiérrez", "Ruiz", "Mendoza",
    "Aguilar", "Ortiz", "Castillo", "Moreno", "Romero", "Álvarez", "Méndez", "Chávez", "Rivera",
];

const MONTHS: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

pub(super) fn birth(dice: &mut Dice) -> Fact {
    let year = 1930 + dice.below(80) as i16;
    let (month, day) = (1 + dice.below(12) as u32, 1 + dice.below(28) as u32);
    let date = Date::new(year, month as i8, day as i8).expect("every month has 28 days");
    let first_day = if day == 1 { "primero".to_owned() } else { cardinal(day) };
    let spoken = format!("{first_day} de {} de {}", MONTHS[month as usize - 1], said_year(year));
    let first = match dice.below(3) {
        0 => format!("El {spoken}."),
        1 => format!("Mi fecha de nacimiento es el {spoken}."),
        _ => format!("Nací el {spoken}."),
    };
    let again =
        format!("Día {}, {}, {}.", cardinal(day), MONTHS[month as usize - 1], said_year(year));
    Fact { truth: Truth::Birth(date), first, again }
}

pub(super) fn phone(dice: &mut Dice) -> Fact {
    let area = ["312", "773", "847", "630", "708"][dice.below(5) as usize];
    let digits = format!("{area}555{:04}", dice.below(10_000));
    let part = |from: usize, to: usize| one_by_one(&digits[from..to]);
    let grouped = format!("{}, {}, {}", part(0, 3), part(3, 6), part(6, 10));
    let first = match dice.below(2) {
        0 => format!("{grouped}."),
        _ => format!("Mi número es {grouped}."),
    };
    let again = format!("Es el {}, {}, {}, {}.", part(0, 3), part(3, 6), part(6, 8), part(8, 10));
    Fact { truth: Truth::Phone(digits), first, again }
}

pub(super) fn member_id(dice: &mut Dice) -> Fact {
    let digits = format!("{:09}", dice.below(1_000_000_000));
    let part = |from: usize, to: usize| one_by_one(&digits[from..to]);
    let first = format!("Mi número de miembro es {}.", part(0, 9));
    let again = format!("{}, {}, {}.", part(0, 3), part(3, 6), part(6, 9));
    Fact { truth: Truth::MemberId(digits), first, again }
}

pub(super) fn name(dice: &mut Dice, directory: &[(String, String)]) -> Fact {
    // Only those are told that are Spanish; the others are there to be mistaken for.
    let spanish = |at: &usize| FAMILY.contains(&directory[*at].1.as_str());
    let told: Vec<usize> = (0..directory.len()).filter(spanish).collect();
    let at = told[dice.below(told.len() as u64) as usize];
    let (given, family) = &directory[at];
    let first = match dice.below(3) {
        0 => format!("{given} {family}."),
        1 => format!("Me llamo {given} {family}."),
        _ => format!("Habla {given} {family}."),
    };
    let letters: Vec<&str> = family.to_lowercase().chars().map(letter).collect();
    let again = format!("{given} {family}, {}.", letters.join(", "));
    Fact { truth: Truth::Name(at), first, again }
}

#[rustfmt::skip]
fn letter(c: char) -> &'static str {
    match c {
        'a' | 'á' => "a", 'b' => "be", 'c' => "ce", 'd' => "de", 'e' | 'é' => "e", 'f' => "efe", 'g' => "ge",
        'h' => "hache", 'i' | 'í' => "i", 'j' => "jota", 'l' => "ele", 'm' => "eme", 'n' => "ene", 'ñ' => "eñe",
        'o' | 'ó' => "o", 'p' => "pe", 'q' => "cu", 'r' => "erre", 's' => "ese", 't' => "te", 'u' | 'ú' => "u",
        'v' => "uve", 'x' => "equis", 'y' => "ye", 'z' => "zeta", _ => "",
    }
}

#[rustfmt::skip]
const SMALL: [&str; 30] = [
    "cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce", "trece",
    "catorce", "quince", "dieciséis", "diecisiete", "dieciocho", "diecinueve", "veinte", "veintiuno", "veintidós",
    "veintitrés", "veinticuatro", "veinticinco", "veintiséis", "veintisiete", "veintiocho", "veintinueve",
];
const TENS: [&str; 7] =
    ["treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"];

/// Below a hundred.
fn cardinal(number: u32) -> String {
    match (SMALL.get(number as usize), number % 10) {
        (Some(word), _) => (*word).to_owned(),
        (None, 0) => TENS[number as usize / 10 - 3].to_owned(),
        (None, unit) => format!("{} y {}", TENS[number as usize / 10 - 3], SMALL[unit as usize]),
    }
}

/// 1930 to 2009.
fn said_year(year: i16) -> String {
    let rest = year as u32 % 100;
    match (year / 100, rest) {
        (20, 0) => "dos mil".to_owned(),
        (20, rest) => format!("dos mil {}", cardinal(rest)),
        (_, rest) => format!("mil novecientos {}", cardinal(rest)),
    }
}

fn one_by_one(digits: &str) -> String {
    let words: Vec<_> = digits.bytes().map(|digit| SMALL[usize::from(digit - b'0')]).collect();
    words.join(" ")
}
