using TalosTailscale.Core.MachineConfig.Merging;

namespace TalosTailscale.Core.MachineConfig.Yaml;

/// <summary>A document of a stream: a span of text between two markers, and the tree that was read from it.</summary>
internal sealed class YamlDocument
{
    private YamlNode? _root;
    private DocumentId? _id;

    public required string Source { get; init; }

    /// <summary>Start of the <c>---</c> line; start of the body where there is none.</summary>
    public required int MarkerStart { get; init; }

    public required int BodyStart { get; init; }

    /// <summary>Start of the next marker line, or the end of the text.</summary>
    public int BodyEnd { get; set; }

    /// <summary>The tree; null for a document of blanks and comments. Read again where it was let go.</summary>
    public YamlNode? Root
    {
        get => IsEmpty ? null : _root ??= YamlReader.ReadAgain(this);
        set
        {
            _root = value;
            IsEmpty = value is null;
        }
    }

    /// <summary>What tells it apart.</summary>
    public DocumentId Id => IsDirty ? DocumentId.Of(Root!) : _id ??= DocumentId.Of(Root!);

    /// <summary>Nothing but blanks and comments.</summary>
    public bool IsEmpty { get; private set; } = true;

    /// <summary>Something in the tree differs from the text; what was let go does not.</summary>
    public bool IsDirty => _root?.IsDirty == true;

    /// <summary>Comes from a patch and has no place in the text yet.</summary>
    public bool IsNew { get; set; }

    /// <summary>No anchor stood before its end, so that it can be read by itself.</summary>
    public bool IsSelfContained { get; set; }

    /// <summary>
    /// Lets the tree go: most documents of a large configuration are only looked at once, and keeping their trees would
    /// cost more in garbage collection than reading one again.
    /// </summary>
    public void Release()
    {
        if (IsSelfContained && !IsDirty && !IsNew)
            _root = null;
    }
}

/// <summary>A whole YAML text.</summary>
internal sealed class YamlStream(string text, List<YamlDocument> documents, bool hasAnchors)
{
    public string Text { get; } = text;

    public List<YamlDocument> Documents { get; } = documents;

    /// <summary>Documents that were in the text and are no more.</summary>
    public List<YamlDocument> Removed { get; } = [];

    /// <summary>There are anchors: an edit has to mind the aliases.</summary>
    public bool HasAnchors { get; } = hasAnchors;
}
