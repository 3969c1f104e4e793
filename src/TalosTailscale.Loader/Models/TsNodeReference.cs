using System.ComponentModel;

namespace TalosTailscale;

/// <summary>
/// What a <c>-Node</c> parameter takes: a name from <c>devices/</c>, an address, or a <see cref="TsNode"/> from the
/// pipeline. Names are looked up in the inventory when the cmdlet runs.
/// </summary>
[TypeConverter(typeof(TsNodeReferenceConverter))]
public sealed class TsNodeReference
{
    /// <summary>A name from the inventory, or an address.</summary>
    /// <param name="nameOrAddress">The text as typed.</param>
    public TsNodeReference(string nameOrAddress)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(nameOrAddress);
        Text = nameOrAddress.Trim();
    }

    /// <summary>A node of the inventory.</summary>
    /// <param name="node">The node.</param>
    public TsNodeReference(TsNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        Node = node;
        Text = node.Name;
    }

    /// <summary>The name or address as the user gave it.</summary>
    public string Text { get; }

    /// <summary>The node when one was piped or cast; else null until it has been looked up.</summary>
    public TsNode? Node { get; }

    /// <inheritdoc/>
    public override string ToString() => Text;
}
