using System.Collections;
using System.Globalization;
using System.Management.Automation;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>Completes paths of backups, newest first: those of the nodes that were given, by the names that they had then.</summary>
public sealed class MachineConfigBackupCompleter : WordCompleter
{
    private protected override IEnumerable<CompletionCandidate> Candidates(IDictionary bound)
    {
        string[] nodes =
        [
            .. LanguagePrimitives.ConvertTo<object[]>(bound["Node"] ?? Array.Empty<object>()).Select(Text),
        ];
        try
        {
            return MachineConfigBackup
                .In(bound["BackupFolder"] as string ?? MachineConfigBackup.DefaultFolder)
                .Where(backup => nodes.Length == 0 || backup.Origin?.IsNamed(nodes) == true)
                .Select(backup => new CompletionCandidate(backup.Path, Tip(backup.Origin)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string Text(object node) => node is PSObject wrapped ? Text(wrapped.BaseObject) : $"{node}";

    private static string Tip(MachineConfigOrigin? origin) =>
        origin is null
            ? "of an unknown machine"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{origin.Node}, {origin.Time.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, before a {(origin.BeforeRestore ? "restore" : "patch")}"
            );
}
