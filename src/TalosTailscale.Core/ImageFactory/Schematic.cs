using System.Text.RegularExpressions;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>
/// A schematic of the Image Factory: what is added to the stock Talos image. Its id is the SHA-256 of its canonical YAML
/// (siderolabs/image-factory, <c>pkg/schematic</c>), so it is known without asking anybody.
/// </summary>
public sealed partial class Schematic
{
    /// <summary>The official name of the extension that this module is about.</summary>
    public const string TailscaleExtension = "siderolabs/tailscale";

    private readonly SchematicDocument _document;
    private readonly string _name;

    private Schematic(SchematicDocument document, string name)
    {
        _document = document;
        _name = name;
        Yaml = new SchematicWriter(name).Write(document);
        Id = SchematicId.Of(Yaml);
    }

    /// <summary>The id: 64 lower case hexadecimal digits.</summary>
    public string Id { get; }

    /// <summary>The canonical YAML, with its final line break.</summary>
    public string Yaml { get; }

    /// <summary>The official extensions in their order, which is part of the id.</summary>
    public IReadOnlyList<string> Extensions => _document.OfficialExtensions;

    /// <summary>The kernel arguments added (<c>arg</c>) or taken away (<c>-arg</c>).</summary>
    public IReadOnlyList<string> ExtraKernelArgs => _document.ExtraKernelArgs;

    /// <summary>A schematic of official extensions and kernel arguments.</summary>
    /// <param name="extensions">Names such as <c>siderolabs/tailscale</c>; the order is kept, repetitions are dropped.</param>
    /// <param name="extraKernelArgs">Kernel arguments.</param>
    /// <returns>The schematic.</returns>
    /// <exception cref="TsException">ExtensionNameInvalid.</exception>
    public static Schematic FromExtensions(IEnumerable<string> extensions, IEnumerable<string>? extraKernelArgs = null)
    {
        ArgumentNullException.ThrowIfNull(extensions);
        return new Schematic(
            new SchematicDocument
            {
                OfficialExtensions = [.. extensions.Select(CheckedName).Distinct(StringComparer.Ordinal)],
                ExtraKernelArgs = [.. extraKernelArgs ?? []],
            },
            "schematic"
        );
    }

    /// <summary>Reads a schematic in YAML or JSON.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">What to call it in messages: its path as a rule.</param>
    /// <returns>The schematic.</returns>
    /// <exception cref="TsException">SchematicInvalid, YamlMalformed.</exception>
    public static Schematic Parse(string text, string name)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new Schematic(new SchematicReader(name).Read(text), name);
    }

    /// <summary>This schematic with an extension more, at the end; itself when it has it.</summary>
    /// <param name="extension">The official name.</param>
    /// <returns>The schematic.</returns>
    /// <exception cref="TsException">ExtensionNameInvalid.</exception>
    public Schematic With(string extension)
    {
        var name = CheckedName(extension);
        return Extensions.Contains(name, StringComparer.Ordinal)
            ? this
            : new Schematic(_document with { OfficialExtensions = [.. Extensions, name] }, _name);
    }

    /// <summary>The schematic as scripts see it.</summary>
    /// <param name="factory">The factory that has taken it; null when none was asked.</param>
    /// <returns>The model.</returns>
    public TalosSchematic ToModel(Uri? factory = null) =>
        new()
        {
            Id = Id,
            Extensions = Extensions,
            ExtraKernelArgs = ExtraKernelArgs,
            Yaml = Yaml,
            FactoryUri = factory,
        };

    /// <inheritdoc/>
    public override string ToString() => Id;

    private static string CheckedName(string extension) =>
        NameForm().IsMatch(extension)
            ? extension
            : throw ImageFactoryErrors.ExtensionNameInvalid.New(
                $"'{extension}' is not the official name of an extension; the form '{TailscaleExtension}' was expected.",
                extension
            );

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._-]*(?:/[a-z0-9][a-z0-9._-]*)+\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex NameForm();
}
