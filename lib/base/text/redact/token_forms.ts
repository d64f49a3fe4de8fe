/**
 * Tokens that their own form gives away. Each form is a fixed beginning and one run, so that a
 * search takes time linear in the text's length.
 *
 * @module
 */

/**
 * Forms by whose documentation (or secret-scanning rules, where the maker says nothing) they are
 * known. None of them fits a UUID, an image digest, a commit id or a MAC address.
 */
const FORMS: readonly (readonly [source: string, ...forms: readonly string[]])[] = [
  ["1Password, service accounts", "ops_eyJ[\\w-]{20,}"],
  ["Adafruit IO", "aio_[A-Za-z0-9]{24,}"],
  ["age", "AGE-SECRET-KEY-\\w{8,}"],
  ["Airtable", "pat[A-Za-z0-9]{14}\\.[a-f0-9]{40,}"],
  ["Alibaba Cloud", "LTAI[A-Za-z0-9]{12,}"],
  ["Artifactory", "AKCp[A-Za-z0-9]{20,}"],
  ["Atlassian, Bitbucket", "ATATT3[\\w=.-]{20,}", "ATBB[A-Za-z0-9]{20,}", "ATCTT3[\\w=.-]{20,}"],
  ["AWS, unique identifiers of keys", "A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{12,}"],
  ["Backblaze B2", "K00[0-9][\\w/+]{25,}"],
  ["Brevo", "xkeysib-[a-f0-9]{20,}[\\w-]*"],
  ["Cloudflare", "v1\\.0-[a-f0-9]{20,}-[a-f0-9]{40,}", "cf(?:ut|at|k)_[\\w-]{20,}"],
  ["Contentful", "CFPAT-[\\w-]{20,}"],
  ["Databricks", "dapi[a-f0-9]{32}(?:-\\d)?"],
  ["DigitalOcean", "do[opr]_v1_\\w{16,}"],
  ["Docker Hub", "dckr_(?:pat|oat)_[\\w-]{10,}"],
  ["Doppler", "dp\\.(?:pt|st|ct|sa|scim|audit)\\.[\\w.-]{16,}"],
  ["Dropbox", "sl\\.[\\w-]{40,}"],
  ["Dynatrace", "dt0[a-z]\\d\\d\\.[A-Z0-9]{24}\\.[A-Z0-9]{30,}"],
  ["Facebook", "EAA[A-Za-z0-9]{30,}"],
  ["Figma", "figd_\\w{16,}"],
  ["Fly.io", "fm[12][ra]?_[\\w+/=-]{20,}", "fo1_[\\w-]{20,}"],
  ["GitHub", "gh[pousr]_[A-Za-z0-9]{16,}", "github_pat_\\w{16,}"],
  ["GitLab", "gl(?:pat|rt|dt|ptt|cbt|soat|ft|imt|agent|oas|wt|ffct)-[\\w.-]{16,}"],
  ["GitLab, runner registration", "GR1348941[\\w-]{16,}"],
  ["Google", "AIza[\\w-]{20,}", "ya29\\.[\\w-]{16,}", "GOCSPX-[\\w-]{16,}", "1//0[\\w-]{30,}"],
  ["Grafana", "gl(?:sa|c)_[\\w+/=]{16,}"],
  ["Groq, Linear, NVIDIA, Replicate, xAI", "(?:gsk|lin_api|lin_oauth|nvapi|r8|xai)[_-][\\w-]{16,}"],
  ["HashiCorp Vault", "hv[sbr]\\.[\\w-]{8,}", "[sbr]\\.[A-Za-z0-9]{24}(?![\\w.])"],
  ["Healthchecks", "hc[rw]_[A-Za-z0-9]{20,}"],
  ["Heroku", "HRKU-[\\w-]{30,}"],
  ["HubSpot", "pat-(?:na|eu)\\d-[a-f0-9-]{30,}"],
  ["Hugging Face", "hf_[A-Za-z0-9]{16,}", "api_org_[A-Za-z0-9]{20,}"],
  ["Infracost", "ico-[A-Za-z0-9]{20,}"],
  ["Kagi, Perplexity, Tavily", "(?:pplx|tvly(?:-dev)?)-[\\w-]{20,}"],
  ["Mailgun", "key-[a-f0-9]{32}"],
  ["Netlify", "nf[pcoub]_[A-Za-z0-9]{20,}"],
  ["New Relic", "NR(?:AK|RA|II|AL|JS)-[\\w-]{16,}"],
  ["Nostr", "nsec1[a-z0-9]{40,}"],
  ["Notion", "ntn_[A-Za-z0-9]{30,}", "secret_[A-Za-z0-9]{40,}"],
  ["npm", "npm_[A-Za-z0-9]{16,}"],
  ["ntfy", "tk_[A-Za-z0-9]{24,}"],
  ["OpenAI, Anthropic and others", "sk-(?=[\\w-]{0,40}\\d)[\\w-]{16,}"],
  ["PlanetScale", "pscale_(?:tkn|pw|oauth)_[\\w.=-]{20,}"],
  ["Postman", "PMAK-[a-f0-9]{20,}[\\w-]*"],
  ["Prefect", "pn[ub]_[A-Za-z0-9]{30,}"],
  ["Pulumi", "pul-[a-f0-9]{30,}"],
  ["Pushbullet", "o\\.[A-Za-z0-9]{32}(?!\\w)"],
  ["PyPI", "pypi-[\\w-]{16,}"],
  ["RubyGems", "rubygems_[a-f0-9]{40,}"],
  ["SendGrid", "SG\\.[\\w-]{10,}\\.[\\w-]{10,}"],
  ["Sentry", "sntr[yu][su]?_[\\w+/=]{16,}"],
  ["Shopify", "shp(?:at|ca|pa|ss|tka)_\\w{16,}"],
  ["Slack", "xox[a-z]-[\\w-]{8,}", "xoxe\\.xox[bp]-[\\w-]{8,}", "xapp-[\\w-]{8,}"],
  ["Sourcegraph", "sgp_[A-Za-z0-9_-]{20,}"],
  ["Square", "(?:sq0(?:atp|csp)|EAAA)-?[\\w-]{20,}"],
  ["Stripe", "[spr]k_(?:live|test)_\\w{10,}", "whsec_[\\w+/=]{16,}"],
  ["Supabase", "sb(?:p|_secret)_[A-Za-z0-9]{20,}[\\w-]*"],
  ["Tailscale", "tskey-[\\w-]{8,}"],
  ["Twilio", "SK[a-f0-9]{32}(?!\\w)"],
  ["Typeform", "tfp_[\\w.-]{30,}"],
  ["UptimeRobot", "(?:u\\d{4,9}|m\\d{4,12})-[a-f0-9]{24,32}(?!\\w)"],
  ["Yandex", "AQVN[\\w-]{30,}", "y0_[\\w-]{30,}"],
  ["BIP 32, extended private keys", "[xyz]prv[A-Za-z0-9]{60,}"],
];

/** Forms that begin with anything, and what else is in each: searched where that occurs. */
const INNER_FORMS: readonly (readonly [source: string, hint: string, form: string])[] = [
  ["Azure, client secrets", "8Q~", "\\w{3}8Q~[\\w.~-]{24,}"],
  ["Discord, bots", ".", "[MNO][A-Za-z\\d_-]{23,27}\\.[\\w-]{6}\\.[\\w-]{27,}"],
  ["HashiCorp Terraform", ".atlasv1.", "[A-Za-z0-9]{14}\\.atlasv1\\.[\\w=-]{40,}"],
  ["Mailchimp", "-us", "[a-f0-9]{32}-us\\d{1,2}(?![\\w-])"],
];

/** What {@linkcode TOKEN_FORM} leaves out, by what has to occur in a text. */
export const INNER_TOKEN_FORMS: readonly (readonly [hint: string, form: RegExp])[] = INNER_FORMS
  .map(
    ([, hint, form]) => [hint, new RegExp(`(?<![A-Za-z0-9])${form}`, "g")],
  );

/** Finds every one of them but those. */
export const TOKEN_FORM = new RegExp(
  `(?<![A-Za-z0-9])(?:${FORMS.flatMap(([, ...forms]) => forms).join("|")})`,
  "g",
);
