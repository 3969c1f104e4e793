using System.Text.RegularExpressions;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>
/// Why an API server said 403: a right that is missing is one reason of many (k8s.io/apiserver, plugin/pkg/admission). The
/// server's own words are shown; what to do is what fits them, with the names that they name.
/// </summary>
internal static partial class ServerRefusal
{
    private const int MaximumWords = 600;
    private const int MaximumPage = 16 << 10;

    // What admission says, and what then helps; the first that fits counts.
    private static readonly (Regex Words, Func<Match, string> Advice)[] s_admission =
    [
        (QuotaRegex(), m =>
            $"Raise the ResourceQuota '{m.Groups["name"]}' or remove what uses it up: 'kubectl get resourcequota -A' shows it."
        ),
        (QuotaWantsRegex(), m =>
            $"The ResourceQuota '{m.Groups["name"]}' lets in only pods that say '{m.Groups["what"]}': change it, or use another namespace."
        ),
        (WebhookRegex(), m =>
            $"Ask who runs the admission webhook '{m.Groups["name"]}' to exempt the namespace; 'kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations' shows whose it is."
        ),
        (PolicyRegex(), m =>
            $"Exempt the namespace in the ValidatingAdmissionPolicyBinding '{m.Groups["binding"]}' of the policy '{m.Groups["name"]}'."
        ),
        (PriorityPlaceRegex(), m =>
            $"Use the namespace kube-system, or let the priority class '{m.Groups["class"]}' into '{m.Groups["ns"]}' by a ResourceQuota with its scope."
        ),
        (PriorityRegex(), m =>
            $"Create the PriorityClass '{m.Groups["class"]}'; every cluster has system-node-critical unless somebody removed it."
        ),
        (AccountRegex(), m =>
            $"Create it: 'kubectl -n {m.Groups["ns"]} create serviceaccount {m.Groups["name"]}'; in a new namespace wait a moment, 'default' comes by itself."
        ),
        (EndingRegex(), m =>
            $"The namespace '{m.Groups["ns"]}' is being deleted: wait until it is gone and create it anew, or use another."
        ),
        (LimitsRegex(), _ =>
            "A LimitRange of the namespace forbids it: 'kubectl get limitrange -A' shows it; change it or use another namespace."
        ),
    ];

    /// <summary>The error for a 403.</summary>
    /// <param name="what">What could not be done.</param>
    /// <param name="target">The thing that the user named.</param>
    /// <param name="said">The server's words, in one sentence.</param>
    /// <param name="e">The cause.</param>
    internal static TsException Of(string what, object? target, string said, Exception? e)
    {
        if (SecurityRegex().Match(said) is { Success: true } level)
            return KubernetesErrors.PodSecurityRefused.New(
                $"Cannot {what}: {said}.",
                target,
                e,
                $"The namespace takes pods of the level '{level.Groups["level"]}' only: use kube-system, which Talos exempts, "
                    + "or label the namespace 'pod-security.kubernetes.io/enforce=privileged'."
            );
        if (CannotRegex().Match(said) is { Success: true } cannot)
            return Missing(what, target, cannot, said, e);
        foreach ((Regex words, Func<Match, string> advice) in s_admission)
            if (words.Match(said) is { Success: true } match)
                return KubernetesErrors.KubernetesAdmissionRefused.New(
                    $"Cannot {what}: {said}.",
                    target,
                    e,
                    advice(match)
                );
        return KubernetesErrors.KubernetesAdmissionRefused.New($"Cannot {what}: {said}.", target, e);
    }

    /// <summary>The error where something answered that is no API server: a proxy's or a portal's page.</summary>
    internal static TsException Stranger(
        KubernetesConnection connection,
        string what,
        object? target,
        int code,
        string page,
        Exception? e
    )
    {
        if (page.Length > MaximumPage)
            page = page[..MaximumPage];
        string title = TitleRegex().Match(page) is { Success: true } found
            ? found.Groups["title"].Value
            : TagRegex().Replace(page, " ");
        return KubernetesErrors.KubernetesProxyFailed.New(
            $"Cannot {what}: HTTP {code} came from something between here and '{connection.Server}', not from an API server: '{Words(title)}'.",
            target,
            e,
            $"Something between here and the API server answered. Check 'server' and 'proxy-url' in '{connection.Source}' and "
                + $"$env:HTTPS_PROXY; $env:NO_PROXY='{connection.Server.Host}' goes past a proxy."
        );
    }

    /// <summary>Words from outside, fit for a line of a message.</summary>
    internal static string Words(string text)
    {
        if (text.Length > MaximumPage)
            text = text[..MaximumPage];
        string line = PrintableText.Line(BlanksRegex().Replace(text, " ")).Trim().TrimEnd('.');
        return line.Length > MaximumWords ? line[..MaximumWords] + "…" : line;
    }

    // The wording is that of k8s.io/apiserver: User "x" cannot create resource "pods/exec" in API group "" in the namespace "y".
    private static TsException Missing(string what, object? target, Match cannot, string said, Exception? e)
    {
        (string user, string verb, string resource) = (
            cannot.Groups["user"].Value,
            cannot.Groups["verb"].Value,
            cannot.Groups["resource"].Value
        );
        if (user == "system:anonymous")
            return KubernetesErrors.KubernetesUnauthorized.New(
                $"Cannot {what}: the API server takes us for nobody ('{user}'), so the kubeconfig's credentials did not reach it or are none.",
                target,
                e
            );
        string group = cannot.Groups["group"].Value,
            ns = cannot.Groups["ns"].Value;
        string full =
            group.Length == 0 ? resource
            : resource.Split('/') is [var kind, var sub] ? $"{kind}.{group}/{sub}"
            : $"{resource}.{group}";
        string where = ns.Length > 0 ? $" in the namespace '{ns}'" : " in the cluster";
        string reason = RoleRegex().Match(said) is { Success: true } role ? $" ({role.Groups["why"].Value})" : "";
        return KubernetesErrors.KubernetesForbidden.New(
            $"Cannot {what}: the user '{user}' lacks the verb '{verb}' on '{full}'{where}{reason}.",
            target,
            e,
            $"Grant '{verb}' on '{full}'{where} to '{user}', or choose an admin's context with -KubeContext; check with "
                + $"'kubectl auth can-i {verb} {full}{(ns.Length > 0 ? $" -n {ns}" : "")}'."
        );
    }

    [GeneratedRegex(
        """User "(?<user>[^"]*)" cannot (?<verb>[a-z]+) resource "(?<resource>[^"]*)" in API group "(?<group>[^"]*)"(?: in the namespace "(?<ns>[^"]*)")?"""
    )]
    private static partial Regex CannotRegex();

    [GeneratedRegex("RBAC: (?<why>.+)$")]
    private static partial Regex RoleRegex();

    [GeneratedRegex("violates PodSecurity \"(?<level>[a-z]+)")]
    private static partial Regex SecurityRegex();

    [GeneratedRegex("exceeded quota: (?<name>[^,]+),")]
    private static partial Regex QuotaRegex();

    [GeneratedRegex("failed quota: (?<name>[^:]+): must specify (?<what>[^;]+)")]
    private static partial Regex QuotaWantsRegex();

    [GeneratedRegex("admission webhook \"(?<name>[^\"]+)\" denied the request")]
    private static partial Regex WebhookRegex();

    [GeneratedRegex("ValidatingAdmissionPolicy '(?<name>[^']+)' with binding '(?<binding>[^']+)' denied request")]
    private static partial Regex PolicyRegex();

    [GeneratedRegex("pods with (?<class>\\S+) priorityClass is not permitted in (?<ns>\\S+) namespace")]
    private static partial Regex PriorityPlaceRegex();

    [GeneratedRegex("no PriorityClass with name (?<class>\\S+) was found")]
    private static partial Regex PriorityRegex();

    [GeneratedRegex("error looking up service account (?<ns>[^/]+)/(?<name>[^:]+):")]
    private static partial Regex AccountRegex();

    [GeneratedRegex("unable to create new content in namespace (?<ns>\\S+) because it is being terminated")]
    private static partial Regex EndingRegex();

    [GeneratedRegex("(?:minimum|maximum) \\S+ usage per|max limit to request ratio")]
    private static partial Regex LimitsRegex();

    [GeneratedRegex("<title>(?<title>.*?)</title>", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex TitleRegex();

    [GeneratedRegex("<[^<>]*>")]
    private static partial Regex TagRegex();

    [GeneratedRegex("\\s+")]
    private static partial Regex BlanksRegex();
}
