//! `attendant route`: where a call would go, and why, without a call.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::Failure;
use crate::base::{Phi, TrunkName};
use crate::config::{Config, TrunkProfile};
use crate::dialplan::{Verdict, header_name};
use crate::gateway::{Asked, decide};

/// Says where a call would go, and why each route does or does not take it.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  attendant route --profile front --from +13125550142 --to 8000 --at \"2026-12-25 10:00\"

Exit code 0: an agent answers. 1: the call is refused, or the files are wrong.")]
pub(super) struct Arguments {
    /// The SIP profile that the call comes by; may be left out where there is only one
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The caller's number; leave it out, or say anonymous, for a caller who withholds it
    #[arg(long, value_name = "NUMBER")]
    from: Option<String>,
    /// The caller asked not to be shown, though the PBX tells the number of --from
    #[arg(long)]
    withheld: bool,
    /// The number dialled
    #[arg(long, value_name = "NUMBER")]
    to: String,
    /// The practice's civil time, "YYYY-MM-DD HH:MM" [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// A SIP header of the call; may be repeated
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<String>,
    /// The caller's display name, as the From header carries it
    #[arg(long, value_name = "NAME")]
    display: Option<String>,
    /// The directory with attendant.toml, sip-profiles/ and dialplans/
    #[arg(long, value_name = "DIR", default_value = "/etc/attendant")]
    config: PathBuf,
}

impl Arguments {
    /// Whether the caller is anonymous.
    fn is_withheld(&self) -> bool {
        self.withheld || self.from().is_none()
    }

    /// The caller's number, unless nobody tells it.
    fn from(&self) -> Option<&str> {
        self.from.as_deref().filter(|from| *from != "anonymous")
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let config = match Config::load(&arguments.config) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return Ok(ExitCode::FAILURE);
        }
    };
    let profile = profile(&config, arguments.profile.as_deref())?;
    let plan = config.plan(profile).ok_or("the profile's dialplan is not there")?;
    let at = match &arguments.at {
        Some(text) => text
            .parse()
            .map_err(|_| format!("\"{text}\" is not a time: write \"2026-12-25 10:00\""))?,
        None => plan.civil(jiff::Timestamp::now()),
    };
    let asked = Asked {
        called: Phi::new(arguments.to.clone()),
        caller: arguments.from().map(|number| Phi::new(number.to_owned())),
        withheld: arguments.is_withheld(),
        headers: headers(arguments)?,
    };
    println!("trunk     {}, dialplan {}", profile.sip.name, profile.plan);
    println!("called    {}", normalised(profile, &arguments.to));
    match arguments.from() {
        Some(from) => {
            let withheld = if arguments.withheld { ", withheld" } else { "" };
            println!("caller    {}{withheld}", normalised(profile, from));
        }
        None => println!("caller    withheld"),
    }
    let zone = plan.zone.iana_name().unwrap_or("local time");
    println!("at        {} ({zone})", at.strftime("%a %Y-%m-%d %H:%M"));
    let decision =
        decide(&config, profile, &asked, at).ok_or("the profile's dialplan is not there")?;
    print!("{decision}");
    debug_assert!(
        decision.route.is_some()
            == decision.why().iter().any(|reason| reason.verdict == Verdict::Chosen)
    );
    Ok(if decision.answer.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn profile<'a>(config: &'a Config, name: Option<&str>) -> Result<&'a TrunkProfile, String> {
    let known = || {
        let names: Vec<_> = config.trunks.iter().map(|trunk| trunk.sip.name.as_str()).collect();
        names.join(", ")
    };
    match (name, config.trunks.as_slice()) {
        (Some(name), _) => config
            .trunk(&TrunkName::new(name))
            .ok_or_else(|| format!("no SIP profile is called {name}; there are {}", known())),
        (None, [only]) => Ok(only),
        (None, _) => Err(format!("say which SIP profile: --profile with one of {}", known())),
    }
}

/// A number, what rules see of it, and how it came to that.
fn normalised(profile: &TrunkProfile, dialled: &str) -> String {
    let mut steps = Vec::new();
    let number =
        profile.numbers.normalise_by_steps(dialled, &mut |step| steps.push(step.to_string()));
    let steps = steps.join(", ");
    match number == dialled {
        true => format!("{number} ({steps})"),
        false => format!("{dialled} → {number} ({steps})"),
    }
}

fn headers(arguments: &Arguments) -> Result<Vec<(String, Phi<String>)>, String> {
    let wrong = |text: &String| format!("\"{text}\" is not a header: write 'X-Line: es'");
    let mut headers = Vec::new();
    if let Some(display) = &arguments.display {
        let user = arguments.from().unwrap_or("anonymous");
        let value = format!("\"{display}\" <sip:{user}@anonymous.invalid>");
        headers.push(("From".to_owned(), Phi::new(value)));
    }
    for text in &arguments.header {
        let (name, value) = text.split_once(':').ok_or_else(|| wrong(text))?;
        headers.push((header_name(name.trim()).to_owned(), Phi::new(value.trim().to_owned())));
    }
    Ok(headers)
}
