//! How SRTP with keys in SDP (SDES) is switched on at each family, in the comments of its own files.

use super::SnippetFamily;
use crate::config::Preset;

/// Returns the lines that end a snippet.
pub(super) fn lines(family: SnippetFamily) -> String {
    let (steps, comment) = (steps(family), comment(family));
    let head = "Encryption: with tls and srtp = \"required\" (or \"optional\") in the SIP profile";
    let lines = std::iter::once(head).chain(steps.iter().copied());
    let text: Vec<String> = match comment {
        Comment::Line(mark) => lines.map(|line| format!("{mark}{line}")).collect(),
        Comment::Block(open, close) => {
            let text: Vec<&str> = lines.collect();
            vec![format!("{open}{}{close}", text.join("\n     "))]
        }
    };
    format!("\n{}\n", text.join("\n"))
}

enum Comment {
    Line(&'static str),
    Block(&'static str, &'static str),
}

fn comment(family: SnippetFamily) -> Comment {
    match family {
        SnippetFamily::Of(Preset::AsteriskPjsip) => Comment::Line("; "),
        SnippetFamily::Of(Preset::FreeSwitch) => Comment::Block("<!-- ", " -->"),
        SnippetFamily::Of(Preset::Cube) => Comment::Line("! "),
        SnippetFamily::FreePbx | SnippetFamily::Of(_) => Comment::Line(""),
    }
}

const MITEL: &[&str] = &[
    "  Network Element: Transport TLS; SIP Peer Profile > SDP Options: SRTP, where the release has it",
];

fn steps(family: SnippetFamily) -> &'static [&'static str] {
    let SnippetFamily::Of(preset) = family else {
        return &[
            "  Connectivity > Trunks > attendant > pjsip Settings > Advanced",
            "     Media Encryption             SRTP via in-SDP",
            "     Allow Non-Encrypted Media    No   (Yes: as the other side can)",
        ];
    };
    match preset {
        Preset::AsteriskPjsip => &[
            "  [attendant], type = endpoint; needs res_srtp.so and a [transport] with protocol = tls:",
            "  media_encryption = sdes",
            "  media_encryption_optimistic = no     (yes: keys beside a stream in the clear)",
        ],
        Preset::FreeSwitch => &[
            "  the gateway: register-transport tls; the bridge, in the dialplan:",
            "  data=\"{rtp_secure_media=mandatory:AES_CM_128_HMAC_SHA1_80}sofia/gateway/attendant/...\"",
            "  (rtp_secure_media=optional offers both)",
        ],
        Preset::ThreeCxTrunk => &[
            "     Transport protocol           TLS, with the CA of our certificate",
            "     SRTP (RTP encryption)        on",
        ],
        Preset::ThreeCxExtension => {
            &["  The extension > IP Phone > RTP mode: only secure; or allow secure for both"]
        }
        Preset::Cucm => &[
            "  System > Security > SIP Trunk Security Profile: Device Security Mode Encrypted, TLS, X.509 subject: our name",
            "  Device > Trunk: that profile, and SRTP Allowed; the cluster must be in mixed mode",
        ],
        Preset::Cube => &[
            " voice class srtp-crypto 80",
            "  crypto 1 AES_CM_128_HMAC_SHA1_80",
            " dial-peer voice 8000 voip",
            "  session transport tcp tls",
            "  voice-class sip srtp-crypto 80",
            "  srtp                               (srtp fallback: as the other side can)",
        ],
        Preset::AvayaIpo => &[
            "  System > VoIP > VoIP Security: Media Security Preferred or Enforced, SRTP_AES_CM_128_SHA1_80",
            "  Line > SIP Line > Transport: TLS; VoIP: Media Security Same as System",
        ],
        Preset::AvayaAura => &[
            "  change ip-codec-set: Media Encryption 1-srtp-aescm128-hmac80 (and none: as the other side can)",
            "  the SIP entity link and the signaling group: TLS",
        ],
        Preset::Mitel => MITEL,
        Preset::Yeastar => &[
            "  Extension and Trunk > Trunk > attendant",
            "     Transport                    TLS",
            "     Advanced > Enable SRTP       on   (keys go beside a stream in the clear: we take them)",
        ],
        Preset::GrandstreamUcm => &[
            "  VoIP Trunks > attendant > Advanced",
            "     Transport                    TLS",
            "     SRTP                         Enabled and Forced (Enabled But Not Forced: keys beside a stream in the clear)",
        ],
        Preset::Generic => &[
            "  SIP over TLS, and SRTP by SDES (RFC 4568), also named \"SRTP via SDP\" or RTP/SAVP; not DTLS-SRTP",
        ],
        Preset::CarrierIp | Preset::CarrierRegister => &[
            "  Ask for secure trunking: TLS, and SRTP by SDES (RFC 4568). Many carriers have it switched off",
        ],
        Preset::Softphone => &[
            "  The account: transport TLS; media encryption SRTP by SDES, mandatory (baresip: mediaenc=srtp-mand)",
        ],
    }
}
