using System.Globalization;
using TalosTailscale.Core.Inventory;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>Reads a schematic in YAML or JSON. Strict as the factory is: an unknown field is an error, never ignored.</summary>
internal sealed class SchematicReader(string name)
{
    private static readonly string[] s_bootloaders = ["", "none", "auto", "dual-boot", "grub", "sd-boot"];
    private static readonly string[] s_enrollModes = ["", "off", "manual", "if-safe", "force"];

    public SchematicDocument Read(string text)
    {
        var documents = StrictYaml.Parse(text, name);
        if (documents.Count != 1)
            throw Invalid(1, $"{documents.Count} YAML documents were found; one was expected");
        var document = new SchematicDocument();
        foreach (var (key, value) in Fields(documents[0], "owner", "overlay", "customization"))
        {
            document = key switch
            {
                "owner" => document with { Owner = Text(value) },
                "overlay" => Overlay(document, value),
                _ => Customization(document, value),
            };
        }

        return document;
    }

    private SchematicDocument Overlay(SchematicDocument document, YamlValue overlay)
    {
        foreach (var (key, value) in Fields(overlay, "image", "name", "options"))
        {
            document = key switch
            {
                "image" => document with { OverlayImage = Text(value) },
                "name" => document with { OverlayName = Text(value) },
                _ => document with { OverlayOptions = IsNull(value) ? null : Mapping(value) },
            };
        }

        return document;
    }

    private SchematicDocument Customization(SchematicDocument document, YamlValue customization)
    {
        foreach (
            var (key, value) in Fields(
                customization,
                "embeddedMachineConfiguration",
                "extraKernelArgs",
                "meta",
                "systemExtensions",
                "bootloader",
                "secureboot",
                "diskImage"
            )
        )
        {
            document = key switch
            {
                "embeddedMachineConfiguration" => document with { EmbeddedMachineConfiguration = Text(value) },
                "extraKernelArgs" => document with { ExtraKernelArgs = [.. Items(value).Select(Text)] },
                "meta" => document with { Meta = [.. Items(value).Select(Meta)] },
                "systemExtensions" => Extensions(document, value),
                "bootloader" => document with { Bootloader = OneOf(value, s_bootloaders) },
                "secureboot" => SecureBoot(document, value),
                _ => DiskImage(document, value),
            };
        }

        return document;
    }

    private SchematicDocument Extensions(SchematicDocument document, YamlValue extensions)
    {
        foreach (var (_, value) in Fields(extensions, "officialExtensions"))
            document = document with { OfficialExtensions = [.. Items(value).Select(Text)] };
        return document;
    }

    private SchematicDocument SecureBoot(SchematicDocument document, YamlValue secureBoot)
    {
        foreach (var (key, value) in Fields(secureBoot, "enrollKeys", "includeWellKnownCertificates"))
        {
            document =
                key == "enrollKeys"
                    ? document with
                    {
                        EnrollKeys = OneOf(value, s_enrollModes),
                    }
                    : document with
                    {
                        IncludeWellKnownCertificates = Boolean(value),
                    };
        }

        return document;
    }

    private SchematicDocument DiskImage(SchematicDocument document, YamlValue diskImage)
    {
        foreach (var (_, value) in Fields(diskImage, "sectorSize"))
            document = document with { SectorSize = Number(value, uint.MaxValue) };
        return document;
    }

    private (byte Key, string Value) Meta(YamlValue item)
    {
        (byte Key, string Value) meta = default;
        meta.Value = "";
        foreach (var (key, value) in Fields(item, "key", "value"))
        {
            if (key == "key")
                meta.Key = (byte)Number(value, byte.MaxValue);
            else
                meta.Value = Text(value);
        }

        return meta;
    }

    private IEnumerable<(string Key, YamlValue Value)> Fields(YamlValue value, params string[] known)
    {
        if (IsNull(value))
            yield break;
        foreach (var (key, field) in Mapping(value).Entries)
        {
            if (!known.Contains(key.Text, StringComparer.Ordinal))
                throw Invalid(key.Line, $"the field '{key.Text}' is unknown; expected {string.Join(", ", known)}");
            yield return (key.Text, field);
        }
    }

    private YamlMapping Mapping(YamlValue value) =>
        value as YamlMapping ?? throw Invalid(value.Line, "a mapping was expected");

    private IReadOnlyList<YamlValue> Items(YamlValue value) =>
        IsNull(value) ? [] : (value as YamlSequence ?? throw Invalid(value.Line, "a list was expected")).Items;

    private string Text(YamlValue value) =>
        value is YamlScalar scalar
            ? scalar.IsNull
                ? ""
                : scalar.Text
            : throw Invalid(value.Line, "a text was expected");

    private string OneOf(YamlValue value, string[] allowed)
    {
        var text = Text(value);
        return allowed.Contains(text, StringComparer.Ordinal)
            ? text
            : throw Invalid(
                value.Line,
                $"'{text}' was found; expected {string.Join(", ", allowed.Where(a => a.Length > 0))}"
            );
    }

    private bool Boolean(YamlValue value) =>
        Text(value).ToLowerInvariant() switch
        {
            "true" or "yes" or "on" or "y" => true,
            "false" or "no" or "off" or "n" or "" => false,
            var other => throw Invalid(value.Line, $"'{other}' was found; true or false was expected"),
        };

    private ulong Number(YamlValue value, ulong maximum)
    {
        var text = Text(value);
        var hex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        var parsed = ulong.TryParse(
            hex ? text[2..] : text,
            hex ? NumberStyles.AllowHexSpecifier : NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var number
        );
        return (parsed && number <= maximum) || text.Length == 0
            ? number
            : throw Invalid(value.Line, $"'{text}' was found; a number up to {maximum} was expected");
    }

    private static bool IsNull(YamlValue value) => value is YamlScalar { IsNull: true };

    private TsException Invalid(int line, string what) =>
        ImageFactoryErrors.SchematicInvalid.New($"'{name}' is not a schematic at line {line}: {what}.", name);
}
