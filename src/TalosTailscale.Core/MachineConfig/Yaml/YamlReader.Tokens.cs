namespace TalosTailscale.Core.MachineConfig.Yaml;

/// <summary>Blanks, comments, markers, properties, and what is said about errors.</summary>
internal sealed partial class YamlReader
{
    /// <summary>Skips blanks, comments and line ends; true when a line end was among them.</summary>
    private bool SkipToContent()
    {
        bool crossed = false;
        while (_p < _s.Length)
        {
            char c = _s[_p];
            if (c is ' ' or '\t')
            {
                _p++;
            }
            else if (c is '\n' or '\r')
            {
                _p = _lineStart = AfterBreak(_p);
                crossed = true;
            }
            else if (c == '#' && (_p == _lineStart || _s[_p - 1] is ' ' or '\t'))
            {
                _p = LineEnd(_p);
            }
            else
            {
                break;
            }
        }

        return crossed;
    }

    // Whether what stands here is part of a node whose parent is indented by so much.
    private bool Belongs(int parent, Where where, bool newLine)
    {
        if (AtEnd || AtAnyMarker())
            return false;
        if (!newLine)
            return true;
        return Column > parent || (where == Where.MapValue && Column == parent && _s[_p] == '-' && IsBlankAt(_p + 1));
    }

    private int LineEnd(int at)
    {
        int length = _s.AsSpan(at).IndexOfAny('\n', '\r');
        return length < 0 ? _s.Length : at + length;
    }

    private int AfterBreak(int at)
    {
        if (at >= _s.Length)
            return _s.Length;
        return _s[at] == '\r' && at + 1 < _s.Length && _s[at + 1] == '\n' ? at + 2 : at + 1;
    }

    private int SkipBlanks(int at)
    {
        while (at < _s.Length && _s[at] is ' ' or '\t')
            at++;
        return at;
    }

    private bool IsBlankAt(int at) => at >= _s.Length || _s[at] is ' ' or '\t' or '\n' or '\r';

    private bool AtAnyMarker() => AtMarker('-') || AtMarker('.');

    private bool AtMarker(char c) => _p == _lineStart && MarkerAt(_p, c);

    private bool MarkerAt(int at, char c) =>
        at + 2 < _s.Length && _s[at] == c && _s[at + 1] == c && _s[at + 2] == c && IsBlankAt(at + 3);

    private bool AtKeyEnd(YamlNode node)
    {
        if (node.Kind != YamlKind.Scalar || node.Start < _lineStart)
            return false;
        int at = SkipBlanks(_p);
        return at < _s.Length && _s[at] == ':' && IsBlankAt(at + 1);
    }

    private void ExpectLineEnd()
    {
        int at = SkipBlanks(_p);
        if (at < _s.Length && _s[at] is not ('\n' or '\r') && (_s[at] != '#' || at == _p))
            throw Error(at, Found(at), "the end of the line");
    }

    private void RefuseKey(string what)
    {
        int at = SkipBlanks(_p);
        if (at < _s.Length && _s[at] == ':' && IsBlankAt(at + 1))
            throw Error(at, what + " as a key", "a scalar");
    }

    private void RefuseTabs(int at)
    {
        int tab = _s.AsSpan(_lineStart, at - _lineStart).IndexOf('\t');
        if (tab >= 0)
            throw Error(_lineStart + tab, "a tab in the indentation", "blanks");
    }

    private void ReadProperty(ref string? anchor, ref string? tag)
    {
        bool isAnchor = _s[_p] == '&';
        int start = _p++;
        while (_p < _s.Length && !IsBlankAt(_p) && _s[_p] is not (',' or '[' or ']' or '{' or '}'))
            _p++;
        if (isAnchor)
        {
            if (_p == start + 1 || anchor is not null)
                throw Error(start, Found(start), "one anchor with a name");
            anchor = _s[(start + 1).._p];
            return;
        }

        if (tag is not null)
            throw Error(start, Found(start), "one tag");
        if (!IsBlankAt(_p) && _s[_p] is not (',' or ']' or '}'))
            throw Error(_p, Found(), "a blank after the tag");
        tag = _s[start.._p];
    }

    private YamlNode ReadAlias()
    {
        int start = _p++;
        while (_p < _s.Length && !IsBlankAt(_p) && _s[_p] is not (',' or '[' or ']' or '{' or '}'))
            _p++;
        string name = _s[(start + 1).._p];
        if (_anchors is null || !_anchors.TryGetValue(name, out YamlNode? target))
            throw Error(start, $"the alias '*{name}'", "an alias of an anchor that stands before it");
        return new YamlNode(YamlKind.Alias, YamlStyle.Plain, _s, start) { End = _p, Target = target };
    }

    private YamlNode Empty(int at) => new(YamlKind.Scalar, YamlStyle.Plain, _s, at);

    private string Found() => Found(_p);

    private string Found(int at)
    {
        if (at >= _s.Length)
            return "the end of the text";
        if (_s[at] is '\n' or '\r')
            return "the end of the line";

        // One character only: the rest of the line may be a secret.
        return char.IsLetterOrDigit(_s[at]) ? "text" : $"'{_s[at]}'";
    }

    private TsException Error(int at, string found, string expected)
    {
        (int line, int column) = YamlPosition.Of(_s, at);
        return MachineConfigErrors.YamlInvalid.New(
            $"'{_name}' line {line}, column {column}: found {found}, expected {expected}.",
            _name
        );
    }
}
