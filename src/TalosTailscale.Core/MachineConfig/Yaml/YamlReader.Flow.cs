namespace TalosTailscale.Core.MachineConfig.Yaml;

/// <summary>Collections in brackets.</summary>
internal sealed partial class YamlReader
{
    private YamlNode ReadFlowCollection()
    {
        Enter();
        YamlNode node = _s[_p] == '[' ? ReadFlowSequence() : ReadFlowMap();
        _depth--;
        return node;
    }

    private YamlNode ReadFlowSequence()
    {
        int opening = _p++;
        var sequence = new YamlNode(YamlKind.Sequence, YamlStyle.Flow, _s, opening);
        while (true)
        {
            SkipFlow(opening);
            if (_s[_p] == ']')
                break;
            int start = _p;
            YamlNode item = ReadFlowNode(opening);
            int end = item.End;
            SkipFlow(opening);
            if (IsFlowColon(item))
            {
                item = ReadSinglePair(item, opening);
                end = item.End;
                SkipFlow(opening);
            }

            sequence.AddRead(new YamlEntry(null, item, start, end));
            if (_s[_p] == ']')
                break;
            if (_s[_p] != ',')
                throw Error(_p, Found(), "',' or ']'");
            _p++;
        }

        sequence.End = ++_p;
        return sequence;
    }

    // [a: b] is a list of one map; it has no brackets of its own, so an edit has to write it anew.
    private YamlNode ReadSinglePair(YamlNode key, int opening)
    {
        if (key.Kind != YamlKind.Scalar)
            throw Error(key.Start, "a map or list as a key", "a scalar");
        var map = new YamlNode(YamlKind.Map, YamlStyle.Flow, _s, key.PropertiesStart) { Column = -1 };
        int separator = ++_p;
        SkipFlow(opening);
        YamlNode value = _s[_p] is ',' or ']' ? Empty(separator) : ReadFlowNode(opening);
        map.AddRead(new YamlEntry(key, value, key.PropertiesStart, separator));
        map.End = Math.Max(separator, value.End);
        return map;
    }

    private YamlNode ReadFlowMap()
    {
        int opening = _p++;
        var map = new YamlNode(YamlKind.Map, YamlStyle.Flow, _s, opening);
        HashSet<string>? seen = null;
        while (true)
        {
            SkipFlow(opening);
            if (_s[_p] == '}')
                break;
            int start = _p;
            if (_s[_p] == '?' && IsBlankAt(_p + 1))
                throw Error(_p, "'? '", "a key");
            YamlNode key = ReadFlowNode(opening);
            if (key.Kind != YamlKind.Scalar)
                throw Error(start, Found(start), "a key that is a scalar");
            int separator = key.End;
            SkipFlow(opening);
            YamlNode value;
            if (_s[_p] == ':')
            {
                separator = ++_p;
                SkipFlow(opening);
                value = _s[_p] is ',' or '}' ? Empty(separator) : ReadFlowNode(opening);
                SkipFlow(opening);
            }
            else
            {
                value = Empty(separator);
            }

            AddEntry(map, new YamlEntry(key, value, start, separator), ref seen);
            if (_s[_p] == '}')
                break;
            if (_s[_p] != ',')
                throw Error(_p, Found(), "',' or '}'");
            _p++;
        }

        map.End = ++_p;
        return map;
    }

    private YamlNode ReadFlowNode(int opening)
    {
        int properties = -1;
        string? anchor = null;
        string? tag = null;
        while (_s[_p] is '&' or '!')
        {
            if (properties < 0)
                properties = _p;
            ReadProperty(ref anchor, ref tag);
            int after = _p;
            SkipFlow(opening);
            if (_s[_p] is ',' or ']' or '}' or ':')
                return Finish(Empty(after), properties, anchor, tag);
        }

        YamlNode node = _s[_p] switch
        {
            '[' or '{' => ReadFlowCollection(),
            '*' => ReadAlias(),
            '"' or '\'' => ReadQuoted(),
            _ => ReadFlowPlain(opening),
        };
        return Finish(node, properties, anchor, tag);
    }

    private YamlNode ReadFlowPlain(int opening)
    {
        YamlNode node = ReadPlainLine(flow: true);
        while (true)
        {
            // A plain scalar goes on over line ends, not over comments.
            int at = SkipBlanks(_p);
            if (at >= _s.Length || _s[at] is not ('\n' or '\r'))
                return node;
            int end = _p;
            int line = _lineStart;
            while (at < _s.Length && _s[at] is '\n' or '\r')
            {
                _lineStart = AfterBreak(at);
                at = SkipBlanks(_lineStart);
            }

            _p = at;
            if (AtEnd || AtAnyMarker())
                throw Error(opening, Found(opening), "its closing bracket");
            if (_s[_p] is ',' or '[' or ']' or '{' or '}' or '#' || (_s[_p] == ':' && !IsPlainSafe(_p + 1, flow: true)))
            {
                _p = end;
                _lineStart = line;
                return node;
            }

            ScanPlain(flow: true);
            node.End = _p;
        }
    }

    // After a quoted key the value may follow the colon at once, as in JSON.
    private bool IsFlowColon(YamlNode key) =>
        _s[_p] == ':'
        && (
            key.Style is YamlStyle.DoubleQuoted or YamlStyle.SingleQuoted
            || key.IsCollection
            || !IsPlainSafe(_p + 1, flow: true)
        );

    private void SkipFlow(int opening)
    {
        SkipToContent();
        if (AtEnd || AtAnyMarker())
            throw Error(opening, Found(opening), "its closing bracket");
    }
}
