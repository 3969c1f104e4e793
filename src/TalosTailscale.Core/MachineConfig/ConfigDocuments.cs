using TalosTailscale.Core.MachineConfig.Merging;
using TalosTailscale.Core.MachineConfig.Schema;
using TalosTailscale.Core.MachineConfig.Yaml;

namespace TalosTailscale.Core.MachineConfig;

/// <summary>The documents of a machine configuration as spans of its text.</summary>
public static class ConfigDocuments
{
    /// <summary>Finds the documents; those of blanks and comments only are left out.</summary>
    /// <param name="text">The configuration.</param>
    /// <param name="name">The name of the file or node, for messages.</param>
    /// <returns>The documents in the order of the text.</returns>
    /// <exception cref="TsException">
    /// <see cref="MachineConfigErrors.YamlInvalid"/>, <see cref="MachineConfigErrors.DocumentDuplicate"/>.
    /// </exception>
    public static IReadOnlyList<MachineConfigDocument> Parse(string text, string name = "machine configuration")
    {
        ArgumentNullException.ThrowIfNull(text);
        ConfigTree tree = ConfigTree.Read(text, name);
        return [.. tree.Documents.Select(item => Describe(item.Id, item.Document, MachineConfigChange.Unchanged))];
    }

    /// <summary>The text of a document, without its marker lines.</summary>
    /// <param name="text">The text that the document was found in.</param>
    /// <param name="document">The document.</param>
    /// <returns>The span of it.</returns>
    public static string TextOf(string text, MachineConfigDocument document)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(document);
        return text.Substring(document.Start, document.Length);
    }

    /// <summary>Whether two configurations have the same documents with the same values, however they are written.</summary>
    /// <param name="text">One configuration.</param>
    /// <param name="other">The other.</param>
    /// <param name="name">The name of the node or file, for messages.</param>
    /// <returns>True when a node would make the same of both.</returns>
    public static bool SameMeaning(string text, string other, string name = "machine configuration")
    {
        ConfigTree right = ConfigTree.Read(other, name);
        int same = 0;
        ConfigTree left = ConfigTree.Read(text, name, document =>
        {
            if (
                right.Find(document.Id) is not { } twin
                || !YamlEquality.Same(document.Root!, twin.Root!, SchemaType.Free)
            )
                return;
            same++;
            twin.Release();
        });
        return same == left.Count && same == right.Count;
    }

    internal static MachineConfigDocument Describe(DocumentId id, YamlDocument document, MachineConfigChange change) =>
        new()
        {
            Kind = id.Kind.Length == 0 ? "v1alpha1" : id.Kind,
            Name = id.Name.Length == 0 ? null : id.Name,
            ApiVersion = id.ApiVersion.Length == 0 ? "v1alpha1" : id.ApiVersion,
            Change = change,
            Start = document.BodyStart,
            Length = document.BodyEnd - document.BodyStart,
        };
}
