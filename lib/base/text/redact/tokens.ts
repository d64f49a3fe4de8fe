import { eachMatch, type Report } from "./search.ts";
import { rowsOf } from "../tables.ts";

/** The forms in a table of `source: form ; source: form`. */
function formsOf(table: string): string[] {
  return rowsOf(table).flatMap((row) => row.split(" ; "))
    .map((entry) => entry.slice(entry.indexOf(": ") + 2));
}

/**
 * By whose documentation (or secret-scanning rules, where the maker says nothing) they are known.
 * Each is a fixed beginning and one run, so that a search takes time linear in the text's length.
 * None of them fits a UUID, an image digest, a commit id or a MAC address.
 */
const FORMS = formsOf(String.raw`
  1Password, service accounts: ops_eyJ[\w-]{20,} ; Adafruit IO: aio_[A-Za-z0-9]{24,}
  1Password, secret keys: A3-[A-Z0-9]{6}-[A-Z0-9-]{22,28}(?!\w)
  Authelia, Ory: (?:authelia|ory)_(?:at|rt|ac)_[\w.-]{20,} ; Axiom: xa[ap]t-[a-f0-9-]{32,}
  age: AGE-SECRET-KEY-\w{8,} ; Airtable: pat[A-Za-z0-9]{14}\.[a-f0-9]{40,}
  Alibaba Cloud: LTAI[A-Za-z0-9]{12,} ; Artifactory: AKCp[A-Za-z0-9]{20,}
  Atlassian, Bitbucket: ATATT3[\w=.-]{20,}|ATBB[A-Za-z0-9]{20,}|ATCTT3[\w=.-]{20,}
  AWS, unique identifiers of keys: A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{12,}
  Backblaze B2: K00[0-9][\w/+]{25,} ; Brevo: xkeysib-[a-f0-9]{20,}[\w-]* ; Buildkite: bku[ai]_[a-z0-9]{30,}
  Cerebras: csk-[a-z0-9A-Z]{40,} ; CircleCI: CCIPAT_\w{20,} ; crates.io: cio[A-Za-z0-9]{32}(?!\w)
  Cloudflare: v1\.0-[a-f0-9]{20,}-[a-f0-9]{40,}|cf(?:ut|at|k)_[\w-]{20,}
  Contentful: CFPAT-[\w-]{20,} ; Databricks: dapi[a-f0-9]{32}(?:-\d)?
  Deno: dd[po]_[A-Za-z0-9]{30,} ; DigitalOcean: do[opr]_v1_\w{16,} ; Docker Hub: dckr_(?:pat|oat)_[\w-]{10,}
  Docker, Swarm joins: SWMTKN-1-[a-z0-9-]{30,}
  Doppler: dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{16,} ; Dropbox: sl\.[\w-]{40,}
  Dynatrace: dt0[a-z]\d\d\.[A-Z0-9]{24}\.[A-Z0-9]{30,} ; Facebook: EAA[A-Za-z0-9]{30,}
  Figma: figd_\w{16,} ; Fly.io: fm[12][ra]?_[\w+/=-]{20,}|fo1_[\w-]{20,}
  GitHub: gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}
  GitLab: gl(?:pat|rt|dt|ptt|cbt|soat|ft|imt|agent|oas|wt|ffct)-[\w.-]{16,}
  GitLab, runner registration: GR1348941[\w-]{16,}
  Google: AIza[\w-]{20,}|ya29\.[\w-]{16,}|GOCSPX-[\w-]{16,}|1//0[\w-]{30,}
  Grafana: gl(?:sa|c)_[\w+/=-]{16,} ; Headscale: hskey-[\w-]{16,}
  Groq, Linear, NVIDIA, Replicate, xAI: (?:gsk|lin_api|lin_oauth|nvapi|r8|xai)[_-][\w-]{16,}
  HashiCorp Vault: hv[sbr]\.[\w-]{8,}|[sbr]\.[A-Za-z0-9]{24}(?![\w.])
  Healthchecks: hc[rw]_[A-Za-z0-9]{20,} ; Heroku: HRKU-[\w-]{30,}
  HubSpot: pat-(?:na|eu)\d-[a-f0-9-]{30,}
  Hugging Face: hf_[A-Za-z0-9]{16,}|api_org_[A-Za-z0-9]{20,} ; Infracost: ico-[A-Za-z0-9]{20,}
  Jina AI: jina_[A-Za-z0-9_-]{30,} ; LangSmith: lsv2_(?:pt|sk)_[a-f0-9_]{32,}
  Kagi, Perplexity, Tavily: (?:pplx|tvly(?:-dev)?)-[\w-]{20,} ; Mailgun: key-[a-f0-9]{32}
  Matrix: (?:syt_[A-Za-z0-9+/=-]{2,64}_[A-Za-z0-9]{20}_[A-Za-z0-9]{6}|m[ac][tr]_[A-Za-z0-9]{20,})(?!\w) ; NetBird: nbp_\w{30,}
  Netlify: nf[pcoub]_[A-Za-z0-9]{20,} ; New Relic: NR(?:AK|RA|II|AL|JS)-[\w-]{16,}
  Nostr: nsec1[a-z0-9]{40,} ; Notion: ntn_[A-Za-z0-9]{30,}|secret_[A-Za-z0-9]{40,}
  npm: npm_[A-Za-z0-9]{16,} ; ntfy: tk_[A-Za-z0-9]{24,} ; NuGet: oy2[a-z0-9]{43}(?!\w)
  OpenAI, Anthropic and others: sk-(?=[\w-]{0,40}\d)[\w-]{16,}
  OpenThread, operational datasets: 0[eE]0800000000[0-9a-fA-F]{60,} ; Plex: claim-[\w-]{20}(?![\w-])
  PASETO: v[1-4]\.(?:local|public)\.[\w-]{20,}[\w.-]*
  PlanetScale: pscale_(?:tkn|pw|oauth)_[\w.=-]{20,} ; Postman: PMAK-[a-f0-9]{20,}[\w-]*
  Portainer: ptr_[\w+/=-]{30,} ; Prefect: pn[ub]_[A-Za-z0-9]{30,} ; Pulumi: pul-[a-f0-9]{30,}
  Pushbullet: o\.[A-Za-z0-9]{32}(?!\w) ; PyPI: pypi-[\w-]{16,} ; RubyGems: rubygems_[a-f0-9]{40,}
  Render: rnd_[A-Za-z0-9]{28,} ; Resend: re_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}
  SendGrid: SG\.[\w-]{10,}\.[\w-]{10,} ; Sentry: sntr[yu][su]?_[\w+/=]{16,}
  Shopify: shp(?:at|ca|pa|ss|tka)_\w{16,}
  Slack: xox[a-z]-[\w-]{8,}|xoxe\.xox[bp]-[\w-]{8,}|xapp-[\w-]{8,}
  SonarQube: sq[apu]_[a-f0-9]{40} ; Trello: ATTA[a-f0-9]{60,}
  Sourcegraph: sgp_[A-Za-z0-9_-]{20,} ; Square: (?:sq0(?:atp|csp)|EAAA)-?[\w-]{20,}
  Stripe: [spr]k_(?:live|test)_\w{10,}|whsec_[\w+/=]{16,}
  Supabase: sb(?:p|_secret)_[A-Za-z0-9]{20,}[\w-]* ; Tailscale: tskey-[\w-]{8,}
  Twilio: SK[a-f0-9]{32}(?!\w) ; Typeform: tfp_[\w.-]{30,}
  UptimeRobot: (?:u\d{4,9}|m\d{4,12})-[a-f0-9]{24,32}(?!\w) ; Yandex: AQVN[\w-]{30,}|y0_[\w-]{30,}
  Bitwarden, machines: 0\.[0-9a-f]{8}-[0-9a-f-]{27}\.\w{20,64}:[\w+/=]{16,} ; Django: pbkdf2_\w{3,10}\$\d{1,8}\$[\w./+=-]{1,64}\$[\w./+=-]{16,}
  BIP 32, extended private keys: [xyz]prv[A-Za-z0-9]{60,}
`);
/** The shortest has twelve characters: what is not followed by as many is not compared with all. */
const FORM = new RegExp(`(?<![A-Za-z0-9])(?=[\\w.+/=-]{12})(?:${FORMS.join("|")})`, "g");

/** Forms that begin with anything, behind what else is in each: searched where that occurs. */
const HINTED: readonly (readonly [hint: string, form: RegExp])[] = [
  // Client secrets of Azure, bots of Discord, HashiCorp Terraform, Mailchimp.
  ["8Q~", /(?<![A-Za-z0-9])\w{3}8Q~[\w.~-]{24,}/g],
  [".", /(?<![A-Za-z0-9])[MNO][A-Za-z\d_-]{23,27}\.[\w-]{6}\.[\w-]{27,}/g],
  [".atlasv1.", /(?<![A-Za-z0-9])[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{40,}/g],
  ["-us", /(?<![A-Za-z0-9])[a-f0-9]{32}-us\d{1,2}(?![\w-])/g],
  // Telegram: letters may stand before the digits, as in api.telegram.org/bot123456789:AA...
  [":", /(?<!\d)\d{6,12}:(?:AA[\w-]{8,}|[\w-]{30,})/g],
  // Hashes of passwords.
  [
    "$",
    /\$(?:2[abxy]|argon2(?:i|d|id)|apr1|scrypt|pbkdf2[\w-]{0,10}|gy|[15678y])\$[\w./$,=+-]{16,}/gi,
  ],
  // Redis MONITOR and SLOWLOG quote each argument.
  ['" "', /"auth" (?:"[^"\n]{0,128}" )?"([^"\n]{1,512})(?=")/dgi],
];

/**
 * Addresses whose path, the group, is the secret: whoever knows one may post there, or read. By the
 * makers' documents.
 */
const CAPABILITY_URLS = formsOf(String.raw`
  Slack: hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/([\w/-]{4,})
  Discord: discord(?:app)?\.com/api/(?:v\d{1,2}/)?webhooks/([\w/-]{4,})
  Microsoft Teams: (?:\.webhook|outlook)\.office(?:365)?\.com/webhook(?:b2)?/([\w@/-]{8,})
  Mattermost, Rocket.Chat: /hooks/([A-Za-z0-9]{16,}(?:/[A-Za-z0-9]{16,})?)
  Telegram, other than api.telegram.org: /bot\d{6,12}(?::|%3A)([\w-]{8,})
  Home Assistant: /api/webhook/([\w-]{8,})
  Home Assistant, signed paths and cloud hooks: hooks\.nabu\.casa/([\w=-]{8,})
  Healthchecks, hosted: hc-ping\.com/([\w-]{8,})
  Healthchecks, self-hosted: /ping/([\w-]{20,}(?:/[\w-]{1,64})?)
  Uptime Kuma, push monitors: /api/push/([\w-]{6,})
  Better Stack, heartbeats: /api/v\d/(?:incoming-webhook|heartbeat)/([\w-]{8,})
  Cronitor: cronitor\.link/(?:p|ping)?/?([\w/-]{6,})
  Dead Man's Snitch: nosnch\.in/([A-Za-z0-9]{6,})
  UptimeRobot, heartbeats: heartbeat\.uptimerobot\.com/([\w-]{8,})
  PagerDuty, Opsgenie, Grafana OnCall, Splunk On-Call: /integrations?/(?:v\d/)?(?:[a-z_]{1,32}/|generic/\d+/alert/)?([\w-]{20,})
  IFTTT: maker\.ifttt\.com/[\w/-]{1,128}/key/([\w-]{8,})
  Zapier: hooks\.zapier\.com/hooks/catch/([\w/]{6,})
  Make: hook\.[a-z0-9]{2,8}\.make\.com/([\w-]{8,}) ; n8n: /webhook(?:-test|-waiting)?/([\w-]{20,})
  Pipedream: //([a-z0-9]{16,40})\.m\.pipedream\.net ; webhook.site: webhook\.site/([\w-]{20,})
  ntfy, a topic is its password: ntfy\.sh/(?!(?:docs|static|account|login|signup|pricing)\b)([\w-]{4,64}) ; Apprise API: /notify/([\w-]{16,})
  Google Calendar, secret address: /calendar/ical/[^/\s]{1,128}/(private-[\w-]{8,})
  Nextcloud, calendar and share links: /(?:index\.php/)?(?:s|apps/calendar/p|remote\.php/dav/public-(?:calendars|files))/([A-Za-z0-9]{10,})(?![\w.-])
  FreeDNS: (?:freedns\.afraid\.org/dynamic/update\.php\?|sync\.afraid\.org/u/)([\w=+/-]{8,})
  Docker Hub, build triggers: hub\.docker\.com/api/build/v1/source/([\w/-]{8,})
  Portainer, stack webhooks: /api/(?:stacks/)?webhooks/([\w-]{20,})
  Subsonic: /rest/\w{1,40}(?:\.view)?\?[^\s"]{0,256}?\b[pt]=(?:enc:)?([\w%.-]{4,})
  Tailscale, logins: login\.tailscale\.com/a/(\w{8,})
  Xtream Codes: /(?:live|movie|series)/[\w.@-]{1,64}/([\w.@-]{4,64})/\d{1,9}\.(?:ts|m3u8|mkv|mp4|avi)
  OAuth 2.0 (RFC 6749), CAS, SAML, Synology: [?&#](?:code|ticket|_?sid|SAMLResponse|assertion)=([\w%.~+/-]{16,})
  Links sent by mail: /(?:[\w-]{0,24}(?:reset|activat|verif|confirm|magic|recover|invit|onboard)[\w-]{0,24})/(?:[\w=-]{1,12}/)?((?=[\w=]{0,40}\d)[A-Za-z0-9_=]{16,}|[a-z0-9]{6}-[a-f0-9]{32}|[0-9a-f]{8}-[0-9a-f-]{27})
  Feeds and invitations: /(?:feeds?|rss|ical|invite|join)/([A-Za-z0-9_-]{24,})
`).map((path) => new RegExp(path, "dg"));

/** Reports the group of each match; all of it where the pattern has none. */
function reportMatches(pattern: RegExp, text: string, report: Report): void {
  eachMatch(pattern, text, ({ index, indices, 0: whole }) => {
    report(...(indices?.[1] ?? [index, index + whole.length]));
  });
}

/** Tokens of well-known services, webhook addresses, password hashes. */
export function knownTokens(text: string, report: Report): void {
  if (text.length < 10) return;
  reportMatches(FORM, text, report);
  for (const [hint, form] of HINTED) if (text.includes(hint)) reportMatches(form, text, report);
  if (text.includes("/")) { for (const url of CAPABILITY_URLS) reportMatches(url, text, report); }
}

/**
 * JSON Web Tokens (RFC 7519): base64url parts joined by dots, the first of them of `{"`. That part
 * alone is taken for a cut-off token, or base64 of JSON, where it is long.
 */
const JSON_WEB_TOKEN = /eyJ([\w-]*)(\.[\w-]+(?:\.[\w-]*){0,3})?/g;

export function jsonWebTokens(text: string, report: Report): void {
  if (!text.includes("eyJ")) return;
  eachMatch(JSON_WEB_TOKEN, text, ({ index, 0: whole, 1: first = "", 2: others }) => {
    if (first.length >= (others === undefined ? 21 : 3)) report(index, index + whole.length);
  });
}
