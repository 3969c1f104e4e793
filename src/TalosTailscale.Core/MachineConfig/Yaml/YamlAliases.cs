namespace TalosTailscale.Core.MachineConfig.Yaml;

/// <summary>Anchors, aliases and merge keys: what they stand for, within bounds.</summary>
internal sealed class YamlAliases(string name)
{
    /// <summary>More nodes than any configuration has; an alias of aliases of aliases grows without bound.</summary>
    private const int MaximumNodes = 200_000;

    private int _nodes;

    /// <summary>A copy of what a node stands for: new nodes, aliases and merge keys resolved.</summary>
    public YamlNode Clone(YamlNode node)
    {
        if (++_nodes > MaximumNodes)
            throw MachineConfigErrors.YamlAliasesTooMany.New(
                $"'{name}': the aliases expand to more than {MaximumNodes} nodes, expected fewer.",
                name
            );
        node = node.Resolved;
        if (node.Kind == YamlKind.Scalar)
        {
            YamlNode scalar = YamlNode.NewScalar(node.Value, node.Style, node.IsText);
            scalar.Tag = node.Tag;
            return scalar;
        }

        YamlNode copy = node.Kind == YamlKind.Map ? YamlNode.NewMap() : YamlNode.NewSequence();
        copy.Tag = node.Tag;
        foreach (YamlEntry entry in node.Entries!)
        {
            if (entry.Key?.Value != "<<")
                copy.AddRead(new YamlEntry(entry.Key, Clone(entry.Value), -1, -1, isNew: true));
        }

        if (node.Kind == YamlKind.Map && node.Find("<<") is { } merge)
        {
            foreach ((YamlNode key, YamlNode value) in Merged(merge.Value.Resolved))
            {
                if (copy.Find(key.Value) is null)
                    copy.AddRead(new YamlEntry(key, Clone(value), -1, -1, isNew: true));
            }
        }

        return copy;
    }

    /// <summary>Replaces the aliases and merge keys of a tree by what they stand for.</summary>
    public void Expand(YamlNode node)
    {
        if (node.Entries is null)
            return;
        ExpandMergeKey(node);
        foreach (YamlEntry entry in node.Entries)
        {
            if (entry.Value.Kind == YamlKind.Alias)
                node.Replace(entry, Clone(entry.Value));
            else
                Expand(entry.Value);
        }
    }

    /// <summary>Writes the keys that a map has through <c>&lt;&lt;</c> into the map itself.</summary>
    public void ExpandMergeKey(YamlNode map)
    {
        if (map.Kind != YamlKind.Map || map.Find("<<") is not { } merge)
            return;
        map.Remove(merge);
        foreach ((YamlNode key, YamlNode value) in Merged(merge.Value.Resolved))
        {
            if (map.Find(key.Value) is null)
                map.Add(key.Value, Clone(value));
        }
    }

    private static IEnumerable<(YamlNode Key, YamlNode Value)> Merged(YamlNode value)
    {
        if (value.Kind == YamlKind.Scalar)
            yield break;
        IEnumerable<YamlNode> maps =
            value.Kind == YamlKind.Map ? [value] : value.Entries!.Select(entry => entry.Value.Resolved);
        foreach (YamlNode map in maps)
        {
            if (map.Kind != YamlKind.Map)
                continue;
            foreach (YamlEntry entry in map.Entries!)
            {
                if (entry.Key!.Value != "<<")
                    yield return (entry.Key, entry.Value);
            }

            if (map.Find("<<") is not { } inner)
                continue;
            foreach ((YamlNode Key, YamlNode Value) pair in Merged(inner.Value.Resolved))
                yield return pair;
        }
    }
}
