using System.Collections;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>Completes names of contexts from the talosconfig; nothing when there is none.</summary>
public sealed class TalosContextCompleter : WordCompleter
{
    private protected override IEnumerable<CompletionCandidate> Candidates(IDictionary bound)
    {
        try
        {
            return TalosConfigFile
                .Load(bound["TalosConfig"] as string)
                .Contexts.Values.Select(context => new CompletionCandidate(
                    context.Name,
                    context.Endpoints.Count == 0 ? context.Name : string.Join(", ", context.Endpoints)
                ));
        }
        catch (TsException)
        {
            return [];
        }
    }
}
