using System.Management.Automation;
using System.Xml;
using System.Xml.Linq;

namespace TalosTailscale.Build.Help;

/// <summary>Writes the pages as MAML, the format that <c>Get-Help</c> reads.</summary>
internal static class MamlWriter
{
    private static readonly XNamespace s_msh = "http://msh";
    private static readonly XNamespace s_maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace s_command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace s_dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    public static void Write(
        string path,
        IReadOnlyDictionary<string, HelpPage> pages,
        SharedParameters shared,
        ProjectAddress? address
    )
    {
        var root = new XElement(s_msh + "helpItems", new XAttribute("schema", "maml"));
        foreach (var cmdlet in ModuleCmdlet.All)
            if (pages.TryGetValue(cmdlet.Name, out var page))
                root.Add(Command(cmdlet, page, shared, address));
        using var writer = XmlWriter.Create(path, new XmlWriterSettings { Indent = true, NewLineChars = "\n" });
        new XDocument(root).Save(writer);
    }

    private static XElement Command(
        ModuleCmdlet cmdlet,
        HelpPage page,
        SharedParameters shared,
        ProjectAddress? address
    )
    {
        var name = cmdlet.Name.Split('-');
        return new XElement(
            s_command + "command",
            new XAttribute(XNamespace.Xmlns + "maml", s_maml),
            new XAttribute(XNamespace.Xmlns + "command", s_command),
            new XAttribute(XNamespace.Xmlns + "dev", s_dev),
            new XElement(
                s_command + "details",
                new XElement(s_command + "name", cmdlet.Name),
                new XElement(s_command + "verb", name[0]),
                new XElement(s_command + "noun", name[1]),
                Text(s_maml + "description", [page.Synopsis])
            ),
            Text(s_maml + "description", page.Description),
            new XElement(
                s_command + "syntax",
                cmdlet.Sets.Select(set => new XElement(
                    s_command + "syntaxItem",
                    new XElement(s_maml + "name", cmdlet.Name),
                    set.Select(p => Parameter(cmdlet, page, shared, p))
                ))
            ),
            new XElement(
                s_command + "parameters",
                cmdlet
                    .Sets.SelectMany(set => set)
                    .DistinctBy(p => p.Name)
                    .OrderBy(p => p.Name, StringComparer.Ordinal)
                    .Select(p => Parameter(cmdlet, page, shared, p))
            ),
            new XElement(s_command + "inputTypes", page.Inputs.Select(type => Typed(s_command + "inputType", type))),
            new XElement(
                s_command + "returnValues",
                page.Outputs.Select(type => Typed(s_command + "returnValue", type))
            ),
            new XElement(s_maml + "alertSet", page.Notes.Select(note => Text(s_maml + "alert", [note]))),
            new XElement(s_command + "examples", page.Examples.Select(Example)),
            new XElement(
                s_command + "relatedLinks",
                // Get-Help -Online opens the first that has an address.
                address is null
                    ? null
                    : Link("Online", address.Page(cmdlet.Name)),
                page.Links.Select(link => Link(link, null))
            )
        );
    }

    private static XElement Link(string text, Uri? address) =>
        new(
            s_maml + "navigationLink",
            new XElement(s_maml + "linkText", text),
            new XElement(s_maml + "uri", address?.AbsoluteUri)
        );

    private static XElement Parameter(
        ModuleCmdlet cmdlet,
        HelpPage page,
        SharedParameters shared,
        ModuleParameter parameter
    )
    {
        var type = SyntaxText.NameOf(parameter.Type);
        var metadata = cmdlet.Parameters[parameter.Name];
        var choices = parameter.Type.IsEnum ? Enum.GetNames(parameter.Type) : [];
        return new XElement(
            s_command + "parameter",
            new XAttribute("required", Lower(parameter.Mandatory)),
            new XAttribute("variableLength", Lower(parameter.Type.IsArray)),
            new XAttribute("globbing", Lower(metadata.Attributes.OfType<SupportsWildcardsAttribute>().Any())),
            new XAttribute("pipelineInput", parameter.PipelineInput),
            new XAttribute("position", parameter.Position is { } position ? $"{position}" : "named"),
            new XAttribute("aliases", metadata.Aliases.Count > 0 ? string.Join(", ", metadata.Aliases) : "none"),
            new XElement(s_maml + "name", parameter.Name),
            Text(s_maml + "description", shared.Text(page, cmdlet, parameter.Name) ?? []),
            choices.Length == 0
                ? null
                : new XElement(
                    s_command + "parameterValueGroup",
                    choices.Select(choice => new XElement(
                        s_command + "parameterValue",
                        new XAttribute("required", "false"),
                        choice
                    ))
                ),
            parameter.Type == typeof(SwitchParameter)
                ? null
                : new XElement(
                    s_command + "parameterValue",
                    new XAttribute("required", "true"),
                    new XAttribute("variableLength", Lower(parameter.Type.IsArray)),
                    type
                ),
            new XElement(s_dev + "type", new XElement(s_maml + "name", type), new XElement(s_maml + "uri")),
            new XElement(
                s_dev + "defaultValue",
                cmdlet.DefaultOf(parameter.Name) ?? (parameter.Type == typeof(SwitchParameter) ? "False" : "None")
            )
        );
    }

    private static XElement Example(HelpExample example, int index) =>
        new(
            s_command + "example",
            new XElement(s_maml + "title", $"Example {index + 1}: {example.Title}"),
            new XElement(s_dev + "code", example.Code),
            Text(s_dev + "remarks", example.Remarks)
        );

    private static XElement Typed(XName element, (string Type, IReadOnlyList<string> Text) value) =>
        new(
            element,
            new XElement(s_dev + "type", new XElement(s_maml + "name", value.Type)),
            Text(s_maml + "description", value.Text)
        );

    private static XElement Text(XName element, IEnumerable<string> paragraphs) =>
        new(element, paragraphs.Select(text => new XElement(s_maml + "para", text)));

    private static string Lower(bool value) => value ? "true" : "false";
}
