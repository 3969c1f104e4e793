using System.Collections;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>Completes the resource types that this module knows; no node is asked.</summary>
public sealed class TalosTypeCompleter : WordCompleter
{
    private protected override IEnumerable<CompletionCandidate> Candidates(IDictionary bound) =>
        TalosTypeNames.Known.Select(type => new CompletionCandidate(type, type));
}
