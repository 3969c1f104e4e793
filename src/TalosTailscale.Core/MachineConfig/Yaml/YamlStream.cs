namespace TalosTailscale.Core.MachineConfig.Yaml;

/// <summary>A document of a stream: a span of text between two markers, and the tree that was read from it.</summary>
internal sealed class YamlDocument
{
    public required string Source { get; init; }

    /// <summary>Start of the <c>---</c> line; start of the body where there is none.</summary>
    public required int MarkerStart { get; init; }

    public required int BodyStart { get; init; }

    /// <summary>Start of the next marker line, or the end of the text.</summary>
    public int BodyEnd { get; set; }

    /// <summary>The tree; null for a document of blanks and comments.</summary>
    public YamlNode? Root { get; set; }

    /// <summary>Comes from a patch and has no place in the text yet.</summary>
    public bool IsNew { get; set; }
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
