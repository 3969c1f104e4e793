using System.Buffers;

namespace TalosTailscale.Core.MachineConfig.Yaml;

/// <summary>
/// Reads YAML (1.1 as Talos reads it, with the scalars of the 1.2 core schema) in one pass into nodes that know their
/// place in the text.
/// </summary>
/// <remarks>
/// YamlDotNet is not used here: its events give the positions, but at several times the cost, and an edit needs more
/// (columns of dashes, ends of block scalars). A property test holds this reader to YamlDotNet's understanding.
/// Depth is bounded; keys must be scalars, as in every Talos document.
/// </remarks>
internal sealed partial class YamlReader
{
    private const int MaximumDepth = 100;

    // Trees of documents in the first part of a text stay: no usual configuration is read twice.
    private const int KeptLength = 128 * 1024;

    // What the stream may not hold at all (YAML 1.2 §5.1 c-printable), tab and line ends apart.
    private static readonly SearchValues<char> s_forbidden = SearchValues.Create(
        "\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u000B\u000C\u000E\u000F\u0010\u0011\u0012\u0013\u0014\u0015"
            + "\u0016\u0017\u0018\u0019\u001A\u001B\u001C\u001D\u001E\u001F\u007F\uFFFE\uFFFF"
    );

    private readonly string _s;
    private readonly string _name;
    private readonly string[] _names = new string[256];
    private int _p;
    private int _lineStart;
    private int _depth;
    private bool _hasAnchors;
    private Dictionary<string, YamlNode>? _anchors;

    private YamlReader(string text, string name)
    {
        _s = text;
        _name = name;
    }

    private enum Where : byte
    {
        Document,
        MapValue,
        Item,
    }

    private bool AtEnd => _p >= _s.Length;

    private int Column => _p - _lineStart;

    /// <summary>Reads a text.</summary>
    /// <param name="text">The text, with or without byte order mark.</param>
    /// <param name="name">The name of the file or patch, for messages.</param>
    /// <param name="look">
    /// Called with each document that is not empty, once it is read; then the tree may be let go, unless anchors tie the
    /// documents together.
    /// </param>
    /// <returns>The documents.</returns>
    /// <exception cref="TsException"><see cref="MachineConfigErrors.YamlInvalid"/>.</exception>
    public static YamlStream Read(string text, string name, Action<YamlDocument>? look = null) =>
        new YamlReader(text, name).ReadStream(look);

    /// <summary>Reads a document whose tree was let go; it was read without error before and has no anchors.</summary>
    public static YamlNode ReadAgain(YamlDocument document)
    {
        var reader = new YamlReader(document.Source, "text");
        reader._lineStart = document.MarkerStart;
        reader._p = document.BodyStart > document.MarkerStart ? document.MarkerStart + 3 : document.MarkerStart;
        return reader.ReadRoot()!;
    }

    private YamlStream ReadStream(Action<YamlDocument>? look)
    {
        int forbidden = _s.AsSpan().IndexOfAny(s_forbidden);
        if (forbidden >= 0)
            throw Error(forbidden, $"the character U+{(int)_s[forbidden]:X4}", "printable text");

        var documents = new List<YamlDocument>();
        if (_s.StartsWith('\uFEFF'))
            _p = _lineStart = 1;
        bool bareAllowed = true;
        while (true)
        {
            int prologue = _p;
            bool directives = SkipDirectives(bareAllowed);
            if (AtEnd && !directives)
                break;
            YamlDocument document;
            if (AtMarker('-'))
            {
                int marker = _p;
                _p += 3;
                document = new YamlDocument
                {
                    Source = _s,
                    MarkerStart = marker,
                    BodyStart = AfterMarker(),
                };
            }
            else if (directives || !bareAllowed)
            {
                throw Error(_p, Found(), "a document marker '---'");
            }
            else if (AtMarker('.'))
            {
                _p += 3;
                continue;
            }
            else
            {
                document = new YamlDocument
                {
                    Source = _s,
                    MarkerStart = prologue,
                    BodyStart = prologue,
                };
            }

            document.Root = ReadRoot();
            document.BodyEnd = AtEnd ? _s.Length : _lineStart;
            document.IsSelfContained = !_hasAnchors;
            documents.Add(document);
            if (look is not null && !document.IsEmpty)
            {
                look(document);
                if (_p > KeptLength)
                    document.Release();
            }

            bareAllowed = false;
            if (AtMarker('.'))
            {
                _p += 3;
                ExpectLineEnd();
                bareAllowed = true;
            }
        }

        return new YamlStream(_s, documents, _hasAnchors);
    }

    private YamlNode? ReadRoot()
    {
        YamlNode root = ReadBlockValue(-1, Where.Document);
        SkipToContent();
        if (!AtEnd && !AtAnyMarker())
            throw Error(_p, Found(), "the end of the document");
        bool nothing =
            root is { Kind: YamlKind.Scalar, Style: YamlStyle.Plain, Tag: null, Anchor: null }
            && root.Start == root.End;
        return nothing ? null : root;
    }

    // The text of a body begins on the line after its marker, unless content stands beside the marker.
    private int AfterMarker()
    {
        int at = _p;
        while (at < _s.Length && _s[at] is ' ' or '\t')
            at++;
        if (at < _s.Length && _s[at] == '#')
            at = LineEnd(at);
        if (at < _s.Length && _s[at] is not ('\r' or '\n'))
            return _p;
        return AfterBreak(at);
    }

    private bool SkipDirectives(bool allowed)
    {
        bool any = false;
        while (true)
        {
            SkipToContent();
            if (AtEnd || _s[_p] != '%' || Column != 0 || !allowed)
                return any;
            int end = LineEnd(_p);
            ReadOnlySpan<char> line = _s.AsSpan(_p, end - _p).TrimEnd();
            if (line.StartsWith("%YAML") && !line.StartsWith("%YAML 1.1"))
                throw Error(_p, $"'{line}'", "'%YAML 1.1', the version that Talos reads");
            any = true;
            _p = end;
        }
    }

    private YamlNode ReadBlockValue(int parent, Where where)
    {
        int separator = _p;
        bool newLine = SkipToContent() || where == Where.Document;
        if (!Belongs(parent, where, newLine))
            return Empty(separator);
        Enter();
        int properties = -1;
        int propertiesLine = _lineStart;
        string? anchor = null;
        string? tag = null;
        while (_s[_p] is '&' or '!')
        {
            if (properties < 0)
                properties = _p;
            else if (propertiesLine != _lineStart)
                throw Error(_p, "an anchor or tag on a second line", "both on one line");
            propertiesLine = _lineStart;
            ReadProperty(ref anchor, ref tag);
            int after = _p;
            bool crossed = SkipToContent();
            newLine |= crossed;
            if (!Belongs(parent, where, crossed || newLine && where != Where.Item))
            {
                _depth--;
                return Finish(Empty(after), properties, anchor, tag);
            }
        }

        bool beside = properties >= 0 && propertiesLine == _lineStart;
        bool collections = newLine || where == Where.Item;
        YamlNode node = ReadContent(parent, collections, beside ? properties : -1, ref anchor, ref tag);
        _depth--;
        return Finish(node, properties, anchor, tag);
    }

    private YamlNode ReadContent(int parent, bool collections, int properties, ref string? anchor, ref string? tag)
    {
        int start = _p;
        char c = _s[_p];
        int column = (properties >= 0 ? properties : _p) - _lineStart;
        if (c == '-' && IsBlankAt(_p + 1))
        {
            if (!collections || properties >= 0)
                throw Error(_p, "'- '", "a value: a list begins on its own line");
            return ReadBlockSequence(column);
        }

        if (c == '?' && IsBlankAt(_p + 1))
        {
            if (!collections)
                throw Error(_p, "'? '", "a value: a map begins on its own line");
            return ReadBlockMap(column, null, properties);
        }

        YamlNode node;
        switch (c)
        {
            case '|' or '>':
                return ReadBlockScalar(parent);
            case '[' or '{':
                node = ReadFlowCollection();
                RefuseKey("a map or list");
                return node;
            case '*':
                node = ReadAlias();
                RefuseKey("an alias");
                return node;
            case '"' or '\'':
                node = ReadQuoted();
                break;
            default:
                node = ReadPlainLine(flow: false);
                break;
        }

        if (AtKeyEnd(node))
        {
            if (!collections)
                throw Error(start, "a second ':' on the line", "one key and one value");
            if (_p - start > 1024)
                throw Error(start, "a key of over 1024 characters", "a shorter one, or '? '");
            YamlNode key = properties >= 0 ? Finish(node, properties, anchor, tag) : node;
            if (properties >= 0)
                anchor = tag = null;
            return ReadBlockMap(column, key, properties);
        }

        if (node.Style == YamlStyle.Plain)
            ContinuePlain(node, parent);
        return node;
    }

    // The same few names come again and again: one text each.
    private string NameOf(YamlNode key)
    {
        int length = key.End - key.Start;
        if (key.Style != YamlStyle.Plain || length is < 1 or > 40)
            return key.Value;
        ReadOnlySpan<char> raw = _s.AsSpan(key.Start, length);
        if (raw.IndexOfAny('\n', '\r') >= 0)
            return key.Value;
        ref string name = ref _names[
            ((length * 31) + (raw[0] * 7) + (raw[^1] * 13) + raw[length / 2]) & (_names.Length - 1)
        ];
        if (!raw.SequenceEqual(name))
            name = raw.ToString();
        key.SetDecoded(name);
        return name;
    }

    private YamlNode Finish(YamlNode node, int properties, string? anchor, string? tag)
    {
        if (properties < 0)
            return node;
        if (node.Kind == YamlKind.Alias)
            throw Error(properties, "an anchor or tag on an alias", "the alias alone");
        node.PropertiesStart = properties;
        node.Tag = tag;
        if (anchor is null)
            return node;
        node.Anchor = anchor;
        _hasAnchors = true;
        (_anchors ??= new Dictionary<string, YamlNode>(StringComparer.Ordinal))[anchor] = node;
        return node;
    }

    private void Enter()
    {
        if (++_depth > MaximumDepth)
            throw Error(_p, $"more than {MaximumDepth} levels", "a flatter document");
    }
}
