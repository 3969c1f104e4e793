using TalosTailscale.Core.Tailnet;

namespace TalosTailscale.Tests.Tailnet;

/// <summary>
/// Every rule of containerboot's settings and of <c>tailscale up</c>'s flags in v1.80 to v1.102, with a case that passes
/// and one that does not. The texts name where the rule stands in tailscale/tailscale.
/// </summary>
public sealed class ContainerbootRulesTests
{
    // Rule and source; settings that pass; settings that do not; the finding's code.
    public static TheoryData<string, string, string, string> Refused =>
        new()
        {
            // cmd/containerboot/settings.go, validate
            {
                "TS_DEST_IP needs the kernel",
                "TS_DEST_IP=10.0.0.1",
                "TS_DEST_IP=10.0.0.1|TS_USERSPACE=true",
                "VariablesExclusive"
            },
            {
                "TS_EXPERIMENTAL_DEST_DNS_NAME needs the kernel",
                "TS_EXPERIMENTAL_DEST_DNS_NAME=a.example",
                "TS_EXPERIMENTAL_DEST_DNS_NAME=a.example|TS_USERSPACE=1",
                "VariablesExclusive"
            },
            {
                "TS_EXPERIMENTAL_DEST_DNS_NAME beside TS_DEST_IP",
                "TS_DEST_IP=10.0.0.1",
                "TS_DEST_IP=10.0.0.1|TS_EXPERIMENTAL_DEST_DNS_NAME=a.example",
                "VariablesExclusive"
            },
            {
                "TS_TAILNET_TARGET_IP needs the kernel",
                "TS_TAILNET_TARGET_IP=100.64.0.1",
                "TS_TAILNET_TARGET_IP=100.64.0.1|TS_USERSPACE=t",
                "VariablesExclusive"
            },
            {
                "TS_TAILNET_TARGET_FQDN needs the kernel",
                "TS_TAILNET_TARGET_FQDN=a.ts.net",
                "TS_TAILNET_TARGET_FQDN=a.ts.net|TS_USERSPACE=true",
                "VariablesExclusive"
            },
            {
                "TS_TAILNET_TARGET_FQDN beside TS_TAILNET_TARGET_IP",
                "TS_TAILNET_TARGET_IP=100.64.0.1",
                "TS_TAILNET_TARGET_IP=100.64.0.1|TS_TAILNET_TARGET_FQDN=a.ts.net",
                "VariablesExclusive"
            },
            {
                "config folder beside TS_HOSTNAME",
                "TS_EXPERIMENTAL_VERSIONED_CONFIG_DIR=/etc/t",
                "TS_EXPERIMENTAL_VERSIONED_CONFIG_DIR=/etc/t|TS_HOSTNAME=a",
                "VariablesExclusive"
            },
            {
                "config folder beside TS_EXTRA_ARGS",
                "TS_EXPERIMENTAL_VERSIONED_CONFIG_DIR=/etc/t",
                "TS_EXPERIMENTAL_VERSIONED_CONFIG_DIR=/etc/t|TS_EXTRA_ARGS=--ssh",
                "VariablesExclusive"
            },
            {
                "config folder beside TS_AUTHKEY",
                "TS_EXPERIMENTAL_VERSIONED_CONFIG_DIR=/etc/t",
                "TS_EXPERIMENTAL_VERSIONED_CONFIG_DIR=/etc/t|TS_AUTHKEY=k",
                "VariablesExclusive"
            },
            {
                "config folder beside an empty TS_ROUTES",
                "TS_EXPERIMENTAL_VERSIONED_CONFIG_DIR=/etc/t",
                "TS_EXPERIMENTAL_VERSIONED_CONFIG_DIR=/etc/t|TS_ROUTES=",
                "VariablesExclusive"
            },
            {
                "config folder beside TS_ACCEPT_DNS",
                "TS_EXPERIMENTAL_VERSIONED_CONFIG_DIR=/etc/t|TS_ACCEPT_DNS=",
                "TS_EXPERIMENTAL_VERSIONED_CONFIG_DIR=/etc/t|TS_ACCEPT_DNS=false",
                "VariablesExclusive"
            },
            {
                "config folder beside TS_CLIENT_SECRET",
                "TS_EXPERIMENTAL_VERSIONED_CONFIG_DIR=/etc/t",
                "TS_EXPERIMENTAL_VERSIONED_CONFIG_DIR=/etc/t|TS_CLIENT_SECRET=s|TS_EXTRA_ARGS=--advertise-tags=tag:a",
                "VariablesExclusive"
            },
            {
                "TS_ID_TOKEN needs TS_CLIENT_ID",
                "TS_CLIENT_ID=c|TS_ID_TOKEN=t|TS_EXTRA_ARGS=--advertise-tags=tag:a",
                "TS_ID_TOKEN=t",
                "VariableMissing"
            },
            {
                "TS_AUDIENCE needs TS_CLIENT_ID",
                "TS_CLIENT_ID=c|TS_AUDIENCE=t|TS_EXTRA_ARGS=--advertise-tags=tag:a",
                "TS_AUDIENCE=t",
                "VariableMissing"
            },
            {
                "TS_ID_TOKEN beside TS_CLIENT_SECRET",
                "TS_CLIENT_ID=c|TS_ID_TOKEN=t|TS_EXTRA_ARGS=--advertise-tags=tag:a",
                "TS_CLIENT_ID=c|TS_ID_TOKEN=t|TS_CLIENT_SECRET=s|TS_EXTRA_ARGS=--advertise-tags=tag:a",
                "VariablesExclusive"
            },
            {
                "TS_ID_TOKEN beside TS_AUDIENCE",
                "TS_CLIENT_ID=c|TS_AUDIENCE=t|TS_EXTRA_ARGS=--advertise-tags=tag:a",
                "TS_CLIENT_ID=c|TS_ID_TOKEN=t|TS_AUDIENCE=a|TS_EXTRA_ARGS=--advertise-tags=tag:a",
                "VariablesExclusive"
            },
            {
                "TS_AUDIENCE beside TS_CLIENT_SECRET",
                "TS_CLIENT_ID=c|TS_CLIENT_SECRET=s|TS_EXTRA_ARGS=--advertise-tags=tag:a",
                "TS_CLIENT_ID=c|TS_CLIENT_SECRET=s|TS_AUDIENCE=a|TS_EXTRA_ARGS=--advertise-tags=tag:a",
                "VariablesExclusive"
            },
            {
                "TS_AUTHKEY beside TS_CLIENT_ID",
                "TS_AUTHKEY=k",
                "TS_AUTHKEY=k|TS_CLIENT_ID=c|TS_EXTRA_ARGS=--advertise-tags=tag:a",
                "VariablesExclusive"
            },
            {
                "TS_AUTHKEY beside TS_CLIENT_SECRET",
                "TS_AUTHKEY=k",
                "TS_AUTHKEY=k|TS_CLIENT_SECRET=c|TS_EXTRA_ARGS=--advertise-tags=tag:a",
                "VariablesExclusive"
            },
            {
                "ingress proxying needs the kernel",
                "EXPERIMENTAL_ALLOW_PROXYING_CLUSTER_TRAFFIC_VIA_INGRESS=false|TS_USERSPACE=false",
                "EXPERIMENTAL_ALLOW_PROXYING_CLUSTER_TRAFFIC_VIA_INGRESS=true|TS_SERVE_CONFIG=/s|POD_IP=10.0.0.1|TS_USERSPACE=true",
                "VariablesExclusive"
            },
            {
                "ingress proxying needs TS_SERVE_CONFIG",
                "EXPERIMENTAL_ALLOW_PROXYING_CLUSTER_TRAFFIC_VIA_INGRESS=true|TS_SERVE_CONFIG=/s|POD_IP=10.0.0.1",
                "EXPERIMENTAL_ALLOW_PROXYING_CLUSTER_TRAFFIC_VIA_INGRESS=true|POD_IP=10.0.0.1",
                "VariableMissing"
            },
            {
                "ingress proxying needs POD_IP",
                "EXPERIMENTAL_ALLOW_PROXYING_CLUSTER_TRAFFIC_VIA_INGRESS=true|TS_SERVE_CONFIG=/s|POD_IP=10.0.0.1",
                "EXPERIMENTAL_ALLOW_PROXYING_CLUSTER_TRAFFIC_VIA_INGRESS=true|TS_SERVE_CONFIG=/s",
                "VariableMissing"
            },
            {
                "forwarding optimizations need the kernel",
                "TS_EXPERIMENTAL_ENABLE_FORWARDING_OPTIMIZATIONS=true",
                "TS_EXPERIMENTAL_ENABLE_FORWARDING_OPTIMIZATIONS=true|TS_USERSPACE=true",
                "VariablesExclusive"
            },
            {
                "TS_HEALTHCHECK_ADDR_PORT is an address",
                "TS_HEALTHCHECK_ADDR_PORT=[::]:9002",
                "TS_HEALTHCHECK_ADDR_PORT=:9002",
                "AddressInvalid"
            },
            {
                "TS_LOCAL_ADDR_PORT is an address",
                "TS_LOCAL_ADDR_PORT=10.0.0.1:9002|TS_ENABLE_METRICS=true",
                "TS_LOCAL_ADDR_PORT=localhost:9002|TS_ENABLE_METRICS=true",
                "AddressInvalid"
            },
            {
                "TS_LOCAL_ADDR_PORT is looked at where it is used",
                "TS_LOCAL_ADDR_PORT=nonsense",
                "TS_LOCAL_ADDR_PORT=::1:9002|TS_ENABLE_HEALTH_CHECK=true",
                "AddressInvalid"
            },
            {
                "TS_DEBUG_ADDR_PORT is an address",
                "TS_DEBUG_ADDR_PORT=127.0.0.1:1",
                "TS_DEBUG_ADDR_PORT=127.0.0.1:70000",
                "AddressInvalid"
            },
            {
                "TS_HEALTHCHECK_ADDR_PORT beside TS_ENABLE_HEALTH_CHECK",
                "TS_ENABLE_HEALTH_CHECK=true",
                "TS_HEALTHCHECK_ADDR_PORT=127.0.0.1:1|TS_ENABLE_HEALTH_CHECK=true",
                "VariablesExclusive"
            },
            {
                "TS_EGRESS_PROXIES_CONFIG_PATH needs Kubernetes",
                "TS_EGRESS_PROXIES_CONFIG_PATH=",
                "TS_EGRESS_PROXIES_CONFIG_PATH=/e",
                "VariableMissing"
            },
            {
                "TS_INGRESS_PROXIES_CONFIG_PATH needs Kubernetes",
                "TS_INGRESS_PROXIES_CONFIG_PATH=",
                "TS_INGRESS_PROXIES_CONFIG_PATH=/e",
                "VariableMissing"
            },
            { "TS_BOOT_TIMEOUT is a duration", "TS_ROUTES=", "TS_BOOT_TIMEOUT=120", "DurationInvalid" },
            {
                "TS_USERSPACE unreadable counts as true",
                "TS_USERSPACE=false",
                "TS_USERSPACE=false ",
                "BooleanUnreadable"
            },
            // cmd/tailscale/cli/up.go with Go's flag package
            {
                "a flag that up has",
                "TS_EXTRA_ARGS=--ssh -shields-up",
                "TS_EXTRA_ARGS=--advertise-tag=tag:k8s",
                "FlagUnknown"
            },
            { "a flag of set", "TS_EXTRA_ARGS=--report-posture", "TS_EXTRA_ARGS=--auto-update", "FlagUnknown" },
            {
                "a boolean with a blank",
                "TS_EXTRA_ARGS=--accept-routes=true",
                "TS_EXTRA_ARGS=--accept-routes true",
                "BooleanAfterBlank"
            },
            { "a word that is no flag", "TS_EXTRA_ARGS=--operator me", "TS_EXTRA_ARGS=--ssh me", "WordWithoutFlag" },
            {
                "brackets",
                "TS_EXTRA_ARGS=--login-server=https://hs.example.org",
                "TS_EXTRA_ARGS=[--login-server=https://hs.example.org]",
                "WordWithoutFlag"
            },
            { "a boolean's value", "TS_EXTRA_ARGS=--ssh=T", "TS_EXTRA_ARGS=--ssh=yes", "FlagValueInvalid" },
            {
                "a flag without its value",
                "TS_EXTRA_ARGS=--hostname a",
                "TS_EXTRA_ARGS=--hostname",
                "FlagWithoutValue"
            },
            { "a duration", "TS_EXTRA_ARGS=--timeout=60s", "TS_EXTRA_ARGS=--timeout=60", "FlagValueInvalid" },
            { "host routes", "TS_EXTRA_ARGS=--host-routes", "TS_EXTRA_ARGS=--host-routes=false", "FlagValueInvalid" },
            {
                "the netfilter mode",
                "TS_EXTRA_ARGS=--netfilter-mode nodivert",
                "TS_EXTRA_ARGS=--netfilter-mode=none",
                "FlagValueInvalid"
            },
            {
                "LAN access needs an exit node",
                "TS_EXTRA_ARGS=--exit-node=a --exit-node-allow-lan-access",
                "TS_EXTRA_ARGS=--exit-node-allow-lan-access",
                "FlagsNeeded"
            },
            {
                "an exit offered and used (ipnlocal checkPrefs)",
                "TS_EXTRA_ARGS=--advertise-exit-node",
                "TS_EXTRA_ARGS=--advertise-exit-node --exit-node=a",
                "FlagsExclusive"
            },
            { "quotes", "TS_EXTRA_ARGS=--hostname=a", "TS_EXTRA_ARGS=--hostname=\"a\"", "ExtraArgumentsQuoted" },
            // tailcfg.CheckTag
            {
                "a tag with a letter first",
                "TS_EXTRA_ARGS=--advertise-tags=tag:k8s,tag:b",
                "TS_EXTRA_ARGS=--advertise-tags=tag:8s",
                "TagInvalid"
            },
            {
                "a tag of another prefix",
                "TS_EXTRA_ARGS=--advertise-tags=tag:a-1",
                "TS_EXTRA_ARGS=--advertise-tags=group:a",
                "TagInvalid"
            },
            {
                "an empty tag",
                "TS_EXTRA_ARGS=--advertise-tags=",
                "TS_EXTRA_ARGS=--advertise-tags=tag:a,",
                "TagInvalid"
            },
            // util/dnsname.ValidHostname
            {
                "a host name with a domain and capitals",
                "TS_HOSTNAME=Talos-CP1.home.arpa",
                "TS_HOSTNAME=a..b",
                "HostnameInvalid"
            },
            { "a label's signs", "TS_HOSTNAME=a", "TS_HOSTNAME=a_b", "HostnameInvalid" },
            {
                "the flag counts before the variable",
                "TS_HOSTNAME=a_b|TS_EXTRA_ARGS=--hostname=a",
                "TS_HOSTNAME=a|TS_EXTRA_ARGS=--hostname=-a",
                "HostnameInvalid"
            },
            // net/netutil.CalcAdvertiseRoutes
            { "a route in CIDR form", "TS_ROUTES=10.0.0.0/8,fd00::/8", "TS_ROUTES=10.0.0.0", "RouteInvalid" },
            { "octets without leading zeros", "TS_ROUTES=10.0.0.0/8", "TS_ROUTES=010.0.0.0/8", "RouteInvalid" },
            { "a length without leading zeros", "TS_ROUTES=10.0.0.0/8", "TS_ROUTES=10.0.0.0/08", "RouteInvalid" },
            { "no zone", "TS_ROUTES=fe80::/10", "TS_ROUTES=fe80::%eth0/10", "RouteInvalid" },
            { "host bits", "TS_ROUTES=192.168.1.0/24", "TS_ROUTES=192.168.1.4/24", "RouteHasHostBits" },
            { "default routes together", "TS_ROUTES=0.0.0.0/0,::/0", "TS_ROUTES=0.0.0.0/0", "RouteWithoutCounterpart" },
            {
                "the default route of IPv6 alone",
                "TS_ROUTES=::/0,0.0.0.0/0",
                "TS_ROUTES=::/0",
                "RouteWithoutCounterpart"
            },
            {
                "IPv4 in IPv6",
                "TS_ROUTES=fd7a:115c:a1e0:b1a:0:7:a00:0/104",
                "TS_ROUTES=fd7a:115c:a1e0:b1a::/64",
                "RouteInvalid"
            },
            {
                "its site",
                "TS_ROUTES=fd7a:115c:a1e0:b1a:0:ffff:a00:0/104",
                "TS_ROUTES=fd7a:115c:a1e0:b1a:1:0:a00:0/104",
                "RouteInvalid"
            },
            // feature/oauthkey, feature/identityfederation
            {
                "an OAuth client needs tags",
                "TS_CLIENT_ID=c|TS_CLIENT_SECRET=s|TS_EXTRA_ARGS=--advertise-tags=tag:a",
                "TS_CLIENT_ID=c|TS_CLIENT_SECRET=s",
                "OAuthKeyWithoutTags"
            },
        };

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_rule_refuses_what_breaks_it_and_nothing_else(string rule, string good, string bad, string code)
    {
        Assert.DoesNotContain(Check(good), finding => finding.IsError);

        var finding = Check(bad).FirstOrDefault(finding => finding.Code == code);

        Assert.True(finding?.IsError, rule);
        Assert.False(string.IsNullOrEmpty(finding!.Fix));
    }

    [Theory]
    [InlineData("TS_LOGIN_SERVER=https://hs.example.org", "--login-server=URL")]
    [InlineData("TS_ADVERTISE_TAGS=tag:k8s", "--advertise-tags=tag:NAME")]
    [InlineData("TS_HOSTNAMES=a", "TS_HOSTNAME")]
    [InlineData("TS_NOTHING_LIKE_IT=a", "Remove it")]
    public void A_variable_that_nothing_reads_is_told(string entry, string fix)
    {
        var finding = Assert.Single(Check(entry), finding => finding.Code == "VariableUnread");

        Assert.False(finding.IsError);
        Assert.Contains(fix, finding.Fix, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TS_DEBUG_MTU=1280")]
    [InlineData("TS_NO_LOGS_NO_SUPPORT=true")]
    [InlineData("HTTPS_PROXY=http://10.0.0.1:3128")]
    public void Variables_of_tailscaled_and_of_others_are_left_alone(string entry) =>
        Assert.DoesNotContain(Check(entry), finding => finding.Code == "VariableUnread");

    // tailscale/tailscale#11657, truenas/charts#1393, hassio-addons/app-tailscale#193, tailscale/tailscale#7383.
    [Theory]
    [InlineData("TS_EXTRA_ARGS=--accept-routes true", "Write --accept-routes=true.")]
    [InlineData("TS_EXTRA_ARGS=[--ssh", "Remove the brackets.")]
    [InlineData("TS_EXTRA_ARGS=--advertise-tag=tag:k8s", "Write --advertise-tags.")]
    [InlineData("TS_EXTRA_ARGS=--webclient", "Remove it; only 'tailscale set' has it, or another system.")]
    public void The_advice_fits_the_mistake(string entry, string fix) => Assert.Equal(fix, Check(entry)[0].Fix);

    private static IReadOnlyList<ContainerbootFinding> Check(string settings) =>
        ContainerbootRules.Check(["TS_AUTH_ONCE=true", .. settings.Split('|')], null);
}
