using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Core.Talos;

/// <summary>Compares whole configurations, document by document.</summary>
internal static class MachineConfigComparison
{
    /// <summary>What one configuration has that another has not.</summary>
    public static PatchedConfig Compare(string before, string after, string name)
    {
        Dictionary<string, MachineConfigDocument> old = ConfigDocuments
            .Parse(before, name)
            .ToDictionary(document => document.ToString());
        var documents = new List<MachineConfigDocument>();
        foreach (MachineConfigDocument document in ConfigDocuments.Parse(after, name))
        {
            MachineConfigChange change =
                !old.Remove(document.ToString(), out MachineConfigDocument? was) ? MachineConfigChange.Added
                : ConfigDocuments.TextOf(before, was).Trim() == ConfigDocuments.TextOf(after, document).Trim()
                    ? MachineConfigChange.Unchanged
                : MachineConfigChange.Changed;
            documents.Add(document with { Change = change });
        }

        documents.AddRange(old.Values.Select(document => document with { Change = MachineConfigChange.Removed }));
        return new PatchedConfig(after, before != after, documents);
    }

    /// <summary>The same text, or the same documents in another layout.</summary>
    public static bool Same(string text, string other, string name) =>
        text == other || ConfigDocuments.SameMeaning(text, other, name);

    /// <summary>One line: which documents change, and when.</summary>
    public static string Summary(PatchedConfig result, TalosApplyMode mode)
    {
        IEnumerable<string> changes = result
            .Documents.Where(document => document.Change != MachineConfigChange.Unchanged)
            .Select(document => $"{document.Change.ToString().ToLowerInvariant()} {document}");
        string when = mode switch
        {
            TalosApplyMode.NoReboot => "without reboot",
            TalosApplyMode.Auto => "with a reboot if needed",
            TalosApplyMode.Staged => "at the next reboot",
            TalosApplyMode.Try => "for a trial",
            _ => "with a reboot",
        };
        return result.IsChanged ? $"{string.Join(", ", changes)}; {when}" : "no change";
    }
}
