using TalosTailscale.Core.MachineConfig.Merging;
using TalosTailscale.Core.MachineConfig.Validation;

namespace TalosTailscale.Core.Tailnet;

/// <summary>
/// The settings of the tailscale extension in a patched machine configuration. Talos takes them as they are, so what
/// containerboot or <c>tailscale up</c> would refuse is a warning here, and so is what would have no effect.
/// </summary>
public static class PatchedServiceSettings
{
    private const string Kind = "ExtensionServiceConfig";
    private const string Service = "tailscale";

    /// <summary>The warnings for a patched configuration.</summary>
    /// <param name="before">The configuration that the node has.</param>
    /// <param name="after">The configuration to send.</param>
    public static IReadOnlyList<MachineConfigWarning> Check(string before, string after)
    {
        if (ConfigView.TryRead(after) is not { } view)
            return [];
        IReadOnlyList<string> entries = view.TailscaleEntries() ?? [];
        IReadOnlyList<string> old = ConfigView.TryRead(before)?.TailscaleEntries() ?? [];
        return [.. Names(view), .. entries.Count == 0 ? [] : Settings(entries), .. Ineffective(old, entries)];
    }

    // Talos starts no service for such a document, and the extension waits for one of its own name.
    private static IEnumerable<MachineConfigWarning> Names(ConfigView view)
    {
        foreach (var root in view.Kind(Kind))
        {
            var name = root.GetText("name") ?? "";
            if (
                name != Service
                && ConfigView
                    .TextsOf(root.Get("environment"))
                    .Any(entry => ListMerger.VariableName(entry) is "TS_AUTHKEY" or "TS_EXTRA_ARGS" or "TS_ROUTES")
            )
                yield return new MachineConfigWarning(
                    "ServiceNameUnknown",
                    $"The {Kind} '{name}' has settings of tailscale, and the extension reads the one named '{Service}' only.",
                    $"Write 'name: {Service}'."
                );
        }
    }

    private static IEnumerable<MachineConfigWarning> Settings(IReadOnlyList<string> entries)
    {
        AuthKey? key = null;
        TsException? refused = null;
        try
        {
            key = AuthKey.OfEnvironment(entries);
            if (!UpArguments.Parse(EnvironmentText.Value(entries, "TS_EXTRA_ARGS")).HasOwnServer)
                key?.RequireTailscale();
        }
        catch (TsException e)
        {
            refused = e;
        }

        if (refused is not null)
            yield return new MachineConfigWarning(refused.ErrorId, refused.Message, refused.RecommendedAction);
        foreach (var finding in ContainerbootRules.Check(entries, key))
            yield return new MachineConfigWarning(finding.Code, finding.Message, finding.Fix);
    }

    // With TS_AUTH_ONCE a node that has joined gets `tailscale set`, which knows routes, host name and DNS alone
    // (containerboot's tailscaleSet; tailscale/tailscale#20728, #9593).
    private static IEnumerable<MachineConfigWarning> Ineffective(
        IReadOnlyList<string> before,
        IReadOnlyList<string> after
    )
    {
        if (before.Count == 0 || !GoBool.TryParse(EnvironmentText.Value(after, "TS_AUTH_ONCE"), out var once) || !once)
            yield break;
        UpArguments old = UpArguments.Parse(EnvironmentText.Value(before, "TS_EXTRA_ARGS"));
        UpArguments now = UpArguments.Parse(EnvironmentText.Value(after, "TS_EXTRA_ARGS"));
        string[] changed =
        [
            .. old
                .Names.Union(now.Names)
                .Where(name => name != "accept-dns" && old[name] != now[name])
                .Order(StringComparer.Ordinal)
                .Select(name => "--" + name),
        ];
        if (changed.Length > 0)
            yield return new MachineConfigWarning(
                "AuthOnceHidesChange",
                $"TS_AUTH_ONCE is true, and a node that has joined takes no change of {string.Join(", ", changed)} then.",
                "Set TS_AUTH_ONCE=false along with it, with a key that is still good, and back once the node has it."
            );
        if (
            !string.IsNullOrEmpty(EnvironmentText.Value(before, "TS_ROUTES"))
            && EnvironmentText.Value(after, "TS_ROUTES") is null
        )
            yield return new MachineConfigWarning(
                "RoutesStay",
                "TS_ROUTES is gone, and a node that has joined goes on offering the routes it had.",
                "Set TS_ROUTES= (with nothing behind it) to take them back."
            );
    }
}
