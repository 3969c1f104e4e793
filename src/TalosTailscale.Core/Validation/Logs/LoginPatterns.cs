using static TalosTailscale.Core.Validation.LogPattern;

namespace TalosTailscale.Core.Validation;

/// <summary>What containerboot and 'tailscale up' say when the settings or the key are not good.</summary>
internal static class LoginPatterns
{
    private const string Up = "tailscale cmd/tailscale/cli/up.go";
    private const string Settings = "tailscale cmd/containerboot/settings.go";
    private const string Routes = "tailscale net/netutil/routes.go";

    public static IReadOnlyList<LogPattern> All { get; } =
    [
        Failure(
            Causes.AuthKeyRejected,
            @"invalid key: (API key \S+ (not valid|does not exist)|API key does not exist|unable to validate API key)",
            "Tailscale's control server, 1.34 and later"
        ),
        Failure(
            Causes.AuthKeyRejected,
            @"calling actor does not have enough permissions|Status: 40[13]\b|\boauth2: .*(invalid_client"
                + "|unauthorized|access_denied)|API token invalid",
            "tailscale feature/oauthkey/oauthkey.go by client/tailscale/tailscale.go, 1.38 and later",
            "Give the OAuth client the scope 'auth_keys' (write) and the tags that the node asks for, or "
                + "use an auth key; put its secret into TS_AUTHKEY, render and apply again."
        ),
        Failure(
            Causes.AuthKeyRejected,
            "key cannot be used for node auth",
            "Tailscale's control server, by golink#194",
            "Put an auth key into TS_AUTHKEY; an OAuth client's secret needs the scope 'auth_keys' (write) and "
                + "--advertise-tags in TS_EXTRA_ARGS, and a token of the API joins no node. Render and apply again."
        ),
        Failure(
            Causes.AuthKeyRejected,
            "token exchange failed with status|failed to exchange JWT"
                + "|unexpected token exchange request error|received empty (access token|authkey) from"
                + "|GetWebIdentityToken failed|provide --id-token explicitly|couldn't get AWS region"
                + "|unexpected error while creating authkey",
            "tailscale feature/identityfederation/identityfederation.go, 1.92 and later",
            "Check TS_CLIENT_ID, issuer, subject and audience of the federated identity, and that it has "
                + "the scope 'auth_keys'; TS_ID_TOKEN must not have expired."
        ),
        Failure(
            Causes.ServiceConfigInvalid,
            @"federated identity (requires either|authkeys require)",
            "tailscale feature/identityfederation/identityfederation.go, 1.92 and later",
            "Set TS_CLIENT_ID with TS_ID_TOKEN or TS_AUDIENCE, and --advertise-tags in TS_EXTRA_ARGS."
        ),
        Failure(
            Causes.AuthKeyRejected,
            @"\binvalid (pre )?auth ?key\b|^(backend error: )?invalid key$|\binvalid key: "
                + "|Auth key (missing or invalid|failed to authenticate)"
                + "|[Aa]uth[ -]?[Kk]ey (has )?expired|[Aa]uth-?[Kk]ey not found"
                + "|auth[ -]?key (has )?(already )?(been )?(already )?used|auth[ -]?key .*is not reusable"
                + "|failed to parse auth-key|auth-key must be either tagged or owned|PreAuthKey .*(expired"
                + "|used|not found)|Failed authentication via AuthKey|Failed to use pre-auth key",
            "control servers; Headscale hscontrol/types/preauth_key.go and db/preauth_keys.go, 0.20 to "
                + "0.29; containerboot 1.96"
        ),
        Failure(
            Causes.OAuthKeyWithoutTags,
            @"oauth authkeys require --advertise-tags",
            "tailscale feature/oauthkey/oauthkey.go, 1.38 and later"
        ),
        Failure(
            Causes.TagsNotPermitted,
            @"are invalid or not permitted|^requested tags\b|tags? .*(not permitted|not owned)"
                + "|[Aa]uth-?[Kk]ey tag is invalid",
            "control servers; Headscale hscontrol/state/tags.go, 0.28 and later"
        ),
        Failure(
            Causes.ServiceConfigInvalid,
            @"\btag: ""[^""]*"": |\btag names can only contain|\btags must start with",
            Up + ", tailcfg/tailcfg.go, all",
            "Write tags as tag:name in TS_EXTRA_ARGS, of letters, digits and dashes."
        ),
        Failure(
            Causes.SettingsNotMentioned,
            @"changing settings via 'tailscale up' requires mentioning all",
            Up + ", all"
        ),
        Failure(Causes.LoginServerChanged, @"can't change --login-server without --force-reauth", Up + ", all"),
        Failure(
            Causes.ServiceConfigInvalid,
            "too many non-flag arguments|flag provided but not defined: |flag needs an argument"
                + @"|invalid (boolean )?value "".*"" for (flag )?-|^(flag|invalid) .*-[a-z-]+: .*parse error"
                + "|bad flag syntax|flag provided multiple times|unknown subcommand: "
                + @"|internal error: unhandled flag|invalid ipn\.Prefs field",
            Up + " and Go's flag package, all",
            "Correct TS_EXTRA_ARGS: only flags of 'tailscale up' of this version, each as --flag=value."
        ),
        Failure(
            Causes.ServiceConfigInvalid,
            "--exit-node-allow-lan-access can only be used|invalid value --netfilter-mode="
                + "|unsupported value; only 'true' is allowed|cannot (resolve exit node by hostname"
                + @"|set ExitNodeIP)|EditPrefs requests SSH|invalid ServerURL scheme|invalid ClientOpts\.ServerURL"
                + @"|^--(accept-routes|exit-node|netfilter-mode)\b.* (is )?not supported"
                + "|did you mean --advertise-exit-node|unknown QR code format|hostname too long"
                + "|invalid value .*--|cannot use .* as (an )?exit node|Cannot advertise an exit node and use"
                + "|invalid IP address or hostname|EditPrefs check error"
                + "|Tailscale SSH server administratively disabled|Unable to enable local Tailscale SSH"
                + "|Cannot enable shields-up|Auto-updates? (support is|are) |exit node cannot be changed"
                + @"|can't reconfigure tailscaled when using a config file",
            Up + " and ipn/ipnlocal/local.go, all",
            "Correct the flag that the line names in TS_EXTRA_ARGS."
        ),
        Failure(
            Causes.ServiceConfigInvalid,
            "invalid subnet route: |has non-address bits set; expected"
                + "|is not a valid IP address or CIDR prefix|advertised without its IPv[46] counterpart"
                + "|contains invalid site ID|4-in-6 prefix|invalid argument:.*advertise",
            Routes + ", 1.34 and later (before in up.go)",
            "Correct TS_ROUTES: networks as address/length without host bits; 0.0.0.0/0 and ::/0 only together."
        ),
        Failure(
            Causes.ServiceConfigInvalid,
            @"\binvalid configuration: |\b(EXPERIMENTAL_)?TS_\w+ (and TS_\w+ )?(is not supported"
                + "|is only supported|is set but|cannot (both )?be"
                + @"|is deprecated and will be removed in 1\.82\.0, use)"
                + @"|EXPERIMENTAL_ALLOW_PROXYING_CLUSTER_TRAFFIC_VIA_INGRESS is |error parsing ""?TS_\w+"
                + "|POD_IPs can contain at most|error parsing IP address"
                + "|TS_AUTHKEY cannot be used with|error validating (whether|tailscaled configfile)"
                + @"|unknown (optional config )?attribute ""\w+""|invalid attribute boolean attribute"
                + "|failed to parse optional config attributes|error (setting prefs from|reading) config"
                + "|ensure you pass a valid auth key in the config file|does not take non-flag arguments",
            Settings + ", 1.62 and later"
        ),
        Failure(
            Causes.ServiceConfigInvalid,
            @"--(encrypt-state|hardware-attestation|bird-socket|socket|statedir)\b.*(can only be used"
                + "|cannot be used|is not supported|is required)|no --tun value specified"
                + "|userspace-networking support is not compiled",
            "tailscale cmd/tailscaled/tailscaled.go, 1.34 and later",
            "Remove the flag from TS_TAILSCALED_EXTRA_ARGS."
        ),
        Failure(
            Causes.ServiceConfigInvalid,
            @"\binvalid hostname\b|^[Hh]ostname "".*"" (cannot|contains|is too long)"
                + "|hostname invalid after normali[sz]ation",
            "Headscale hscontrol/util/dns.go and machine.go, 0.20 and later",
            "Set TS_HOSTNAME to a name of small letters, digits and dashes, of at most 63 characters."
        ),
        Failure(
            Causes.ServiceConfigInvalid,
            "error looking up operator",
            "tailscale ipn/ipnlocal/local.go, all",
            "Remove --operator from TS_EXTRA_ARGS: a node of Talos has no users."
        ),
        Failure(
            Causes.ServiceConfigInvalid,
            "(network|tailnet)-lock is not supported in this configuration",
            "tailscale ipn/ipnlocal/network-lock.go, all",
            "Set TS_STATE_DIR=/var/lib/tailscale: a tailnet with tailnet lock needs a state that stays."
        ),
        Failure(
            Causes.ServiceConfigInvalid,
            @"automatic updates are not supported|failed to enable automatic updates|failed to set relay server",
            "tailscale cmd/tailscale/cli/set.go, all",
            "Remove --auto-update and --relay-server-port from TS_EXTRA_ARGS: tailscale is part of the "
                + "boot image and is updated with it."
        ),
        Failure(
            Causes.ServiceConfigInvalid,
            "error (reading|reloading) tailscaled config|tailscaled config watch: failed"
                + "|error parsing config to prefs|failed to add fsnotify watch",
            "tailscale cmd/containerboot/main.go and tailscaled.go, 1.58 and later",
            "Remove TS_EXPERIMENTAL_VERSIONED_CONFIG_DIR and TS_SERVE_CONFIG: the settings of the "
                + "ExtensionServiceConfig are enough."
        ),
        Failure(
            Causes.ServiceConfigInvalid,
            @"failed to listen on addr "".*""|\bfailed running server: ",
            "tailscale cmd/containerboot/main.go, 1.56 and later",
            "Give TS_LOCAL_ADDR_PORT (or TS_HEALTHCHECK_ADDR_PORT) a port that nothing else on the node "
                + "has, or remove it."
        ),
        Failure(
            Causes.ServiceConfigInvalid,
            "invalid (cluster|tailnet) destination IP|auth key reissue|reissue_authkey|reissued authkey"
                + "|failed to receive new auth key|(storing|deleting) .* (in|from) [Kk]ube(rnetes)? [Ss]ecret"
                + "|(storing capability version|getting Tailscale state Secret|no forwarding rules for egress"
                + "|no IPv4 or IPv6 addresses found for host|installing rules to forward traffic to node's tailnet IP: "
                + "|resolved 4via6 address|authkey found in TS_KUBE_SECRET)|clear reissue request|error "
                + "disconnecting from control"
                + "|Error ensuring services are not advertised|(egress|ingress) proxy failed"
                + "|error installing ingress proxy rules|installing (egress"
                + "|ingress) proxy rules( for (destination|DNS target) .*)?: |could not find Tailscale node"
                + @"|Tailscale node "".*"" not found|serve proxy: .*(error|failed)"
                + "|^autoadvertisement: |error (refreshing (advertised services|DNS config)"
                + @"|looking up IPv[46] addresses|resolving DNS name|parsing "".*"" as FQDN"
                + "|clearing previous state from Secret)"
                + "|failed to (ensure services advertised|unset serve config"
                + "|update HTTPS endpoint in tailscale state)|last DNS resolution attempt failed",
            "tailscale cmd/containerboot/main.go, serve.go, forwarding.go and kube.go, 1.34 and later",
            "Remove what is for proxies in pods (TS_DEST_IP, TS_TAILNET_TARGET_IP, TS_TAILNET_TARGET_FQDN, "
                + "TS_SERVE_CONFIG and the like): a node needs none of it."
        ),
        Failure(
            Causes.ServiceConfigInvalid,
            "([Ff]ailed|[Ee]rror|unable) .*(kube(rnetes)? ?(client|[Ss]ecret|permissions)|state Secret"
                + "|running on Kubernetes)|Kubernetes permissions are missing|doesn't have patch permissions"
                + "|don't have permissions to create it",
            "tailscale cmd/containerboot/kube.go, 1.34 and later",
            "Remove TS_KUBE_SECRET and what else is for pods: as an extension of Talos, tailscale keeps "
                + "its state in TS_STATE_DIR."
        ),
        Failure(
            Causes.DeviceApprovalNeeded,
            "(?i)machine (is not yet )?authoriz(ed|ation) (required|needed)|To approve your machine, visit"
                + @"|Switching ipn state \S+ -> NeedsMachineAuth",
            Up + ", ipn/ipnlocal/local.go, all"
        ),
        LogPattern.Of(
            LogMeaning.Lasting,
            Causes.NodeLockedOut,
            @"(?i)this node is locked out|\blocked out\b.*tailnet|tailnet lock.*self.*not signed|TKA health"
                + "|RegisterReq sign error|Failed re-signing node-key signature"
                + "|failed to decode self node key signature",
            "tailscale health/healthmsg/healthmsg.go, 1.34 and later"
        ),
        LogPattern.Of(
            LogMeaning.Hint,
            Causes.RoutesNotAccepted,
            @"Some peers are advertising routes but --accept-routes is false",
            "tailscale health/healthmsg/healthmsg.go, 1.34 and later"
        ),
        Failure(
            Causes.NodeKeyExpired,
            @"server reports new node key \S+ has expired|server says NodeKeyExpired|nodeKeyExpired=true"
                + "|Switching ipn state Running -> NeedsLogin"
                + @"|tailscaled left running state \(now in state ""NeedsLogin""\)|^(backend error: "
                + "|Received error: .*)node key (has )?expired|Old key expired"
                + "|key expired; run 'tailscale up' to authenticate",
            "tailscale control/controlclient/direct.go, ipn/ipnlocal/local.go, all"
        ),
        Failure(
            Causes.DeviceRemoved,
            @"\b([Nn]ode|[Mm]achine) (key )?not found|cannot find machine with key"
                + "|node key in request does not match|node exist with different machine key"
                + "|node no longer exists|initial fetch failed 404|key already in use by another machine"
                + "|node has been (deleted|removed)",
            "control servers; Headscale hscontrol/noise.go, auth.go and state/state.go, 0.20 to 0.29; "
                + "tailscale control/controlclient/direct.go"
        ),
        Failure(
            Causes.LoginRefused,
            "invalid (registration (ID|id)|followup URL|auth id)|(login|auth) session (has )?expired"
                + @"|login session may have expired|\bauthentication rejected"
                + "|state key expired before authori[sz]ation|(Node|Machine) (registration has expired"
                + @"|logged out\. Sent)|unauthorized principal|state (has expired|is invalid)$"
                + "|registration (timed out|expired|not found|session expired)|unauthori[sz]ed (domain|user"
                + "|group)|user not found|user .*(suspended|disabled)|tailnet (is )?(suspended|disabled)"
                + "|(too many devices|device limit)|extending key is not allowed|machine key maps to ambiguous",
            "control servers; Headscale hscontrol/auth.go and oidc.go, 0.20 to 0.29"
        ),
        Failure(Causes.LoginNeeded, @"To authenticate, visit:", Up + ", all"),
        Failure(
            Causes.LoginNeeded,
            "Switching ipn state (Starting|Stopped|NeedsMachineAuth) -> NeedsLogin"
                + @"|tailscaled in state ""NeedsLogin""|is not logged in|No authkey found"
                + "|login will be interactive",
            "tailscale ipn/ipnlocal/local.go, all; cmd/containerboot/main.go"
        ),
        Failure(
            Causes.TailscaleStopped,
            @"Switching ipn state \S+ -> Stopped|tailscaled left running state \(now in state ""Stopped""\)",
            "tailscale ipn/ipnlocal/local.go, all; cmd/containerboot/main.go, 1.62 and later"
        ),
    ];

    /// <summary>What only says that it failed.</summary>
    public static IReadOnlyList<LogPattern> General { get; } =
    [
        LogPattern.Of(
            LogMeaning.Generic,
            Causes.LoginTimeout,
            "failed to auth tailscale: .*(signal: killed|context deadline exceeded)"
                + "|[Tt]imed out waiting for tailscaled socket|tailscale (up|login) failed: (signal: killed"
                + "|context deadline exceeded)|timeout waiting for Tailscale service to enter a Running state",
            "tailscale cmd/containerboot/tailscaled.go, 1.34 and later; cmd/tailscale/cli/up.go"
        ),
        LogPattern.Of(
            LogMeaning.Generic,
            Causes.LoginFailed,
            @"^backend error: |You are logged out\. The last login error was|failed to auth tailscale: "
                + @"|tailscale (up|set|login) failed: |failed to bring up tailscale: |\bcouldn't log in: "
                + "|starting tailscaled failed|failed to watch tailscaled|rewatching tailscaled"
                + "|failed to read from tailscaled|error waiting for tailscaled socket"
                + "|failed to connect to local tailscaled|Waiting for tailscaled to exit: "
                + "|Failed to connect to local Tailscale daemon|^Access denied: ",
            "tailscale cmd/containerboot/main.go and tailscaled.go, 1.34 and later"
        ),
        LogPattern.Of(
            LogMeaning.Generic,
            Causes.TailscaledCrashed,
            "^[Tt]ailscaled exited",
            "tailscale cmd/containerboot/main.go, 1.34 and later"
        ) with
        {
            InTailnet = LogPassing.EndOfStop,
        },
        LogPattern.Of(
            LogMeaning.Generic,
            Causes.LoginFailed,
            "tailscaled left running state|unexpected state: ",
            "tailscale cmd/containerboot/main.go, 1.62 and later; cmd/tailscale/cli/up.go"
        ),
        LogPattern.Of(
            LogMeaning.Generic,
            Causes.LoginFailed,
            @"\b(register request|fetch control key): ",
            "tailscale control/controlclient/direct.go, all"
        ) with
        {
            InTailnet = LogPassing.Passes,
        },
    ];
}
