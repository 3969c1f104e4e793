using TalosTailscale.Core.MachineConfig.Merging;
using TalosTailscale.Core.MachineConfig.Validation;
using TalosTailscale.Core.MachineConfig.Yaml;

namespace TalosTailscale.Core.MachineConfig;

/// <summary>Looks at a configuration before it is sent: what Talos would refuse is refused here, with its place.</summary>
public static class ConfigValidator
{
    /// <summary>Checks a patched configuration.</summary>
    /// <param name="before">The configuration that the node has: what it accepted is not refused now.</param>
    /// <param name="after">The configuration to send.</param>
    /// <param name="name">The node or file, for messages.</param>
    /// <param name="version">The node's Talos; null when not known.</param>
    /// <param name="more">Warnings from elsewhere, told with those found here: what was left out of the patches.</param>
    /// <param name="strict">True to refuse what would be a warning.</param>
    /// <returns>The warnings.</returns>
    /// <exception cref="TsException">
    /// <see cref="MachineConfigErrors.ConfigInvalid"/>, <see cref="MachineConfigErrors.ConfigWarningsRefused"/>.
    /// </exception>
    public static IReadOnlyList<MachineConfigWarning> Check(
        string before,
        string after,
        string name,
        Version? version = null,
        bool strict = false,
        IReadOnlyList<MachineConfigWarning>? more = null
    )
    {
        ConfigTree tree = ConfigTree.Read(after, name);
        var view = new ConfigView(tree);
        TalosRules rules = TalosRules.For(version, tree);
        List<ConfigFinding> findings = [.. ConfigRules.Check(view, rules)];
        if (findings.Count > 0)
        {
            HashSet<string> known =
            [
                .. ConfigRules
                    .Check(new ConfigView(ConfigTree.Read(before, name)), rules)
                    .Select(finding => finding.Message),
            ];
            if (findings.Find(finding => !known.Contains(finding.Message)) is { } first)
                throw Refuse(first, name);
        }

        IReadOnlyList<MachineConfigWarning> warnings = [.. more ?? [], .. ConfigAdvice.Check(view, version)];
        if (strict && warnings.Count > 0)
            throw MachineConfigErrors.ConfigWarningsRefused.New(
                $"'{name}': found {warnings.Count} warnings, expected none with -Strict: {string.Join(" ", warnings.Select(warning => warning.Message))}",
                name,
                recommendedAction: string.Join(" ", warnings.Select(warning => warning.Fix))
            );
        return warnings;
    }

    private static TsException Refuse(ConfigFinding finding, string name)
    {
        string place = finding.Node is { IsNew: false } node ? ", " + YamlPosition.Describe(node) : string.Empty;
        return MachineConfigErrors.ConfigInvalid.New(
            $"'{name}' document '{finding.Document}'{place}: {finding.Message}.",
            name,
            recommendedAction: finding.Fix
        );
    }
}
