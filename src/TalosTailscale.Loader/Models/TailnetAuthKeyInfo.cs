namespace TalosTailscale;

/// <summary>An auth key that was made, without the key.</summary>
/// <param name="Id">Its id, by which it can be revoked.</param>
/// <param name="Tags">The tags of the nodes that log in with it.</param>
/// <param name="Reusable">Whether more than one node may use it.</param>
/// <param name="Ephemeral">Whether nodes vanish when they go offline.</param>
/// <param name="Preauthorized">Whether nodes need no approval.</param>
/// <param name="Created">When it was made.</param>
/// <param name="Expires">Until when it can be used.</param>
public sealed record TailnetAuthKeyInfo(
    string Id,
    IReadOnlyList<string> Tags,
    bool Reusable,
    bool Ephemeral,
    bool Preauthorized,
    DateTimeOffset? Created,
    DateTimeOffset? Expires
)
{
    /// <inheritdoc/>
    public override string ToString() => Id;
}
