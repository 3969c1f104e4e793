namespace TalosTailscale.Core.MachineConfig.Yaml;

/// <summary>Collections by indentation (YAML 1.2 §8.2).</summary>
internal sealed partial class YamlReader
{
    private YamlNode ReadBlockMap(int column, YamlNode? firstKey, int properties)
    {
        int start = properties >= 0 ? properties : firstKey?.Start ?? _p;
        RefuseTabs(start);
        var map = new YamlNode(YamlKind.Map, YamlStyle.Block, _s, start) { Column = column };
        YamlNode? key = firstKey;
        HashSet<string>? seen = null;
        int entryStart = start;
        while (true)
        {
            YamlNode value;
            int separator;
            if (key is null && _s[_p] == '?' && IsBlankAt(_p + 1))
            {
                _p++;
                key = ReadBlockValue(column, Where.Item);
                if (key.Kind != YamlKind.Scalar)
                    throw Error(entryStart, "a map or list as a key", "a scalar");
                SkipToContent();
                bool hasValue = !AtEnd && Column == column && _s[_p] == ':' && IsBlankAt(_p + 1) && !AtAnyMarker();
                separator = hasValue ? ++_p : key.End;
                value = hasValue ? ReadBlockValue(column, Where.Item) : Empty(separator);
            }
            else
            {
                key ??= ReadKey();
                _p = SkipBlanks(_p) + 1;
                separator = _p;
                value = ReadBlockValue(column, Where.MapValue);
            }

            AddEntry(map, new YamlEntry(key, value, entryStart, separator), ref seen);
            map.End = Math.Max(separator, value.End);
            SkipToContent();
            if (AtEnd || AtAnyMarker() || Column < column)
                return map;
            if (Column > column)
                throw Error(_p, Found(), $"a key in column {column + 1}");
            RefuseTabs(_p);
            entryStart = _p;
            key = null;
        }
    }

    private YamlNode ReadKey()
    {
        int start = _p;
        string? anchor = null;
        string? tag = null;
        while (!AtEnd && _s[_p] is '&' or '!')
        {
            ReadProperty(ref anchor, ref tag);
            _p = SkipBlanks(_p);
        }

        if (AtEnd)
            throw Error(_p, Found(), "a key");
        if (_s[_p] == '-' && IsBlankAt(_p + 1))
            throw Error(_p, "'- '", "a key");
        if (_s[_p] is '[' or '{' or '*')
            throw Error(_p, Found(), "a key that is a scalar");
        YamlNode key = _s[_p] is '"' or '\'' ? ReadQuoted() : ReadPlainLine(flow: false);
        if (!AtKeyEnd(key))
            throw Error(start, Found(start), "a key followed by ':'");
        if (_p - start > 1024)
            throw Error(start, "a key of over 1024 characters", "a shorter one, or '? '");
        return anchor is null && tag is null ? key : Finish(key, start, anchor, tag);
    }

    private YamlNode ReadBlockSequence(int column)
    {
        RefuseTabs(_p);
        var sequence = new YamlNode(YamlKind.Sequence, YamlStyle.Block, _s, _p) { Column = column };
        while (true)
        {
            int start = _p++;
            int separator = _p;
            YamlNode value = ReadBlockValue(column, Where.Item);
            sequence.AddRead(new YamlEntry(null, value, start, separator));
            sequence.End = Math.Max(separator, value.End);
            SkipToContent();
            if (AtEnd || AtAnyMarker() || Column != column || _s[_p] != '-' || !IsBlankAt(_p + 1))
                return sequence;
            RefuseTabs(_p);
        }
    }

    private void AddEntry(YamlNode map, YamlEntry entry, ref HashSet<string>? seen)
    {
        string key = NameOf(entry.Key!);
        if (entry.Key!.Start == entry.Key.End)
            throw Error(entry.Start, "an empty key", "a name");
        if (seen is null && map.Entries!.Count >= 8)
        {
            seen = new HashSet<string>(StringComparer.Ordinal);
            foreach (YamlEntry other in map.Entries)
                seen.Add(other.Key!.Value);
        }

        bool twice = seen is null ? map.Entries!.Exists(other => other.Key!.Value == key) : !seen.Add(key);
        if (twice)
            throw Error(entry.Start, $"the key '{key}' a second time", "each key once");
        map.AddRead(entry);
    }
}
