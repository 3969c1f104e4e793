namespace TalosTailscale;

/// <summary>A node's machine configuration: one text of one or more documents.</summary>
public sealed class TalosMachineConfig
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary><c>v1alpha1</c> for the active one, <c>persistent</c> for the one on disk.</summary>
    public required string Id { get; init; }

    /// <summary>The version of the resource; compare for equality only.</summary>
    public required string Version { get; init; }

    /// <summary>The documents, each as <c>kind</c> or <c>kind/name</c>, in the text's order.</summary>
    public IReadOnlyList<string> Documents
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>The whole text, byte for byte what the node holds. It has the cluster's secrets in it.</summary>
    public required string Text { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Node}/{Id}";
}
