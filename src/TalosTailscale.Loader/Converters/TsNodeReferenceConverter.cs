using System.Collections;
using System.ComponentModel;
using System.Management.Automation;

namespace TalosTailscale;

/// <summary>Lets <c>-Node</c> take a node that went through a job, Clixml, JSON or CSV, and any object with a Name.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class TsNodeReferenceConverter : CopyConverter<TsNodeReference>
{
    // What has a Node besides its own Name binds by that: a service, a check, an image.
    private protected override TsNodeReference? Make(PSObject copy)
    {
        if (!IsCopy(copy, typeof(TsNode), typeof(TsNodeProposal)) || copy.Properties["Node"] is not null)
            return null;
        if (Text(copy, "Name") is not { } name)
            return null;
        IReadOnlyList<string>? manifests = copy.Properties["Manifests"]?.Value is IEnumerable list and not string
            ? [.. list.Cast<object?>().Select(path => path?.ToString() ?? "")]
            : null;
        // CSV keeps no lists: what the node's folder holds has to be read again.
        if (Text(copy, "Address") is not { } address || (manifests is null && Text(copy, "Path") is not null))
            return new TsNodeReference(name);
        return new TsNodeReference(
            new TsNode
            {
                Name = name,
                Address = address,
                Architecture = Value<TalosArchitecture>(copy, nameof(TsNode.Architecture)) ?? default,
                KubernetesName = Text(copy, nameof(TsNode.KubernetesName)),
                Activation = Value<TsActivation>(copy, nameof(TsNode.Activation)) ?? default,
                NodeId = Text(copy, nameof(TsNode.NodeId)),
                Path = Text(copy, nameof(TsNode.Path)),
                Manifests = manifests ?? [],
            }
        );
    }
}
