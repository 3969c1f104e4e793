using TalosTailscale.Core.MachineConfig.Schema;
using TalosTailscale.Core.MachineConfig.Yaml;

namespace TalosTailscale.Core.MachineConfig.Merging;

/// <summary>Lists: merged by key where Talos does, otherwise appended, or appended unless there already.</summary>
internal sealed class ListMerger(ConfigTree tree, ListMerge mode)
{
    /// <summary>From so many entries on, equal ones are looked up instead of searched.</summary>
    private const int LookupFrom = 24;

    /// <summary>Merges the entries of a patch into a list.</summary>
    public void Merge(StrategicMerge merge, YamlNode left, YamlNode right, SchemaType type, string path)
    {
        SchemaType element = type.Element ?? SchemaType.Free;
        Dictionary<int, List<YamlNode>>? lookup = null;

        // Entries replaced as a whole are looked for among those that were there; the others among all.
        int known = element.IsReplaced ? left.Entries!.Count : int.MaxValue;
        if (mode == ListMerge.Union && left.Entries!.Count + right.Entries!.Count > LookupFrom)
            lookup = BuildLookup(left);
        foreach (YamlEntry item in right.Entries!)
        {
            YamlNode value = item.Value;
            if (type.Kind != SchemaKind.Any && PatchImport.IsNull(value))
                continue;
            if (type.Keys.Count > 0 && FindKeyed(left, value, type, known) is { } existing)
            {
                merge.MergeEntry(left, existing, value, element, path + "[]");
                continue;
            }

            bool replaced = mode == ListMerge.Union && type.Union != UnionKey.None && ReplaceByName(left, value, type);
            if (replaced || (mode == ListMerge.Union && Contains(left, value, element, lookup)))
                continue;
            YamlNode added = PatchImport.Import(value, element);
            tree.Add(left, null, added);
            if (lookup is not null)
                Remember(lookup, added);
        }

        if (mode == ListMerge.Union && IsResolverList(path))
            PutTailnetFirst(left, right, element);
    }

    /// <summary>The tailnet's resolver, which has to be first: a resolver that answers that a name is not known ends the search.</summary>
    public const string TailnetResolver = "100.100.100.100";

    /// <summary>Whether a patch asks for the tailnet's resolver.</summary>
    public static bool AsksForTailnet(YamlNode resolvers) =>
        resolvers.Entries?.Exists(entry => AddressOf(entry.Value) == TailnetResolver) == true;

    private static bool IsResolverList(string path) => path is "machine.network.nameservers" or "nameservers";

    private static string? AddressOf(YamlNode resolver) =>
        resolver.Resolved is { Kind: YamlKind.Scalar } text ? text.Value : resolver.GetTextResolved("address");

    private void PutTailnetFirst(YamlNode left, YamlNode right, SchemaType element)
    {
        int at = left.Entries!.FindIndex(entry => AddressOf(entry.Value) == TailnetResolver);
        if (at <= 0 || !AsksForTailnet(right))
            return;
        YamlEntry entry = left.Entries[at];
        tree.Remove(left, entry);
        tree.Add(left, null, PatchImport.Import(entry.Value, element), 0);
    }

    /// <summary>The name of a variable: up to the first <c>=</c>.</summary>
    public static string VariableName(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? text : text[..equals];
    }

    /// <summary>An image reference without tag and digest; the port of a registry is no tag.</summary>
    public static string ImageName(string reference)
    {
        int digest = reference.IndexOf('@', StringComparison.Ordinal);
        string name = digest < 0 ? reference : reference[..digest];
        int slash = name.LastIndexOf('/');
        int tag = name.LastIndexOf(':');
        return tag > slash ? name[..tag] : name;
    }

    // The first key that the entry has decides, found or not.
    private static YamlEntry? FindKeyed(YamlNode left, YamlNode item, SchemaType type, int known)
    {
        foreach (string key in type.Keys)
        {
            YamlNode? wanted = item.Get(key);
            bool absent =
                wanted is null
                || PatchImport.IsNull(wanted)
                || (wanted.Kind == YamlKind.Scalar && wanted.Value.Length == 0);
            if (absent)
                continue;
            SchemaType keyType = type.Element?.Struct?.Find(key)?.Type ?? SchemaType.Free;
            foreach (YamlEntry entry in left.Entries!.Take(known))
            {
                if (entry.Value.Resolved.Get(key) is { } found && YamlEquality.Same(found, wanted!, keyType))
                    return entry;
            }

            return null;
        }

        return null;
    }

    private static bool Contains(
        YamlNode left,
        YamlNode value,
        SchemaType element,
        Dictionary<int, List<YamlNode>>? lookup
    )
    {
        if (lookup is not null)
            return lookup.TryGetValue(YamlEquality.Hash(value), out List<YamlNode>? same)
                && same.Exists(other => YamlEquality.Same(other, value, element));
        return left.Entries!.Exists(entry => YamlEquality.Same(entry.Value, value, element));
    }

    private static Dictionary<int, List<YamlNode>> BuildLookup(YamlNode left)
    {
        var lookup = new Dictionary<int, List<YamlNode>>();
        foreach (YamlEntry entry in left.Entries!)
            Remember(lookup, entry.Value);
        return lookup;
    }

    private static void Remember(Dictionary<int, List<YamlNode>> lookup, YamlNode value)
    {
        int hash = YamlEquality.Hash(value);
        if (!lookup.TryGetValue(hash, out List<YamlNode>? same))
            lookup.Add(hash, same = []);
        same.Add(value);
    }

    private static string? NameOf(YamlNode item, UnionKey union) =>
        union switch
        {
            UnionKey.Variable when item.Resolved.Kind == YamlKind.Scalar => VariableName(item.Resolved.Value),
            UnionKey.Image when item.GetTextResolved("image") is { } image => ImageName(image),
            _ => null,
        };

    // The first entry of the name gets the new value where it stands, further ones go: no old key may stay behind.
    private bool ReplaceByName(YamlNode left, YamlNode item, SchemaType type)
    {
        if (NameOf(item, type.Union) is not { } name)
            return false;
        List<YamlEntry> same = left.Entries!.FindAll(entry => NameOf(entry.Value, type.Union) == name);
        if (same.Count == 0)
            return false;
        SchemaType element = type.Element!;
        if (!YamlEquality.Same(same[0].Value, item, element))
            ReplaceEntry(left, same[0], item, type);
        foreach (YamlEntry further in same.Skip(1))
            tree.Remove(left, further);
        return true;
    }

    private void ReplaceEntry(YamlNode left, YamlEntry entry, YamlNode item, SchemaType type)
    {
        SchemaType element = type.Element!;
        bool onlyImage = type.Union == UnionKey.Image && entry.Value.Kind == YamlKind.Map && item.Entries!.Count == 1;
        if (onlyImage && entry.Value.Find("image") is { } image)
            tree.Replace(
                entry.Value,
                image,
                PatchImport.Import(item.Get("image")!, element.Struct!.Find("image")!.Type)
            );
        else
            tree.Replace(left, entry, PatchImport.Import(item, element));
    }
}
