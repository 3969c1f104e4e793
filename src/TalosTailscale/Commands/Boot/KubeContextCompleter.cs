using System.Collections;
using TalosTailscale.Core.Kubernetes;

namespace TalosTailscale.Commands;

/// <summary>Completes names of contexts from the kubeconfig in use; nothing when there is none.</summary>
public sealed class KubeContextCompleter : WordCompleter
{
    private protected override IEnumerable<CompletionCandidate> Candidates(IDictionary bound) =>
        KubernetesConnection
            .Contexts(bound["KubeConfig"] as string)
            .Select(context => new CompletionCandidate(context.Name, context.Server));
}
