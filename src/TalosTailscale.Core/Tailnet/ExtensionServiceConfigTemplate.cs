using TalosTailscale.Core.Inventory;

namespace TalosTailscale.Core.Tailnet;

/// <summary>
/// The ExtensionServiceConfig document of the tailscale extension with a placeholder for the key. Edits and the key go in
/// as text, so that comments and layout of the file stay.
/// </summary>
public sealed class ExtensionServiceConfigTemplate
{
    /// <summary>What stands where the key goes.</summary>
    public const string Placeholder = "${TAILSCALE_AUTHKEY}";

    private const int MaximumBytes = 256 * 1024;

    private const string BuiltIn = """
        # The tailscale extension of this node. Holds a key once rendered: keep it out of version control.
        apiVersion: v1alpha1
        kind: ExtensionServiceConfig
        name: tailscale
        environment:
          - TS_AUTHKEY=${TAILSCALE_AUTHKEY}
          # The root file system of Talos is read-only: the resolvers are set in the machine config.
          - TS_ACCEPT_DNS=false
        """;

    private ExtensionServiceConfigTemplate(string text, string name)
    {
        Text = text;
        Name = name;
        Root = StrictYaml.ParseMapping(text, name);
        Require("apiVersion", "v1alpha1");
        Require("kind", "ExtensionServiceConfig");
        Require("name", "tailscale");
        Entries = [.. EnvironmentText.Read(Root, name).Items.Select(item => item.Text)];
    }

    /// <summary>The document with the placeholder; holds no key.</summary>
    public string Text { get; }

    /// <summary>What it is called in messages: its path.</summary>
    public string Name { get; }

    /// <summary>The environment entries, <c>NAME=value</c>.</summary>
    public IReadOnlyList<string> Entries { get; }

    private YamlMapping Root { get; }

    /// <summary>Reads a template file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The template.</returns>
    /// <exception cref="TsException">TemplateNotFound, TemplateInvalid, TemplatePlaceholderMissing, YamlMalformed.</exception>
    public static async Task<ExtensionServiceConfigTemplate> LoadAsync(string path, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
            throw TailnetErrors.TemplateNotFound.New($"The template '{path}' does not exist.", path);
        try
        {
            var length = new FileInfo(path).Length;
            if (length > MaximumBytes)
                throw TailnetErrors.TemplateInvalid.New(
                    $"'{path}' has {length} bytes; at most {MaximumBytes} were expected.",
                    path
                );
            return Parse(await File.ReadAllTextAsync(path, cancellationToken).ConfigureAwait(false), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw TailnetErrors.TemplateNotFound.New($"The template '{path}' could not be read: {e.Message}", path, e);
        }
    }

    /// <summary>Reads a template.</summary>
    /// <param name="text">The YAML.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <returns>The template.</returns>
    /// <exception cref="TsException">TemplateInvalid, TemplatePlaceholderMissing, YamlMalformed with line and column.</exception>
    public static ExtensionServiceConfigTemplate Parse(string text, string name)
    {
        var template = new ExtensionServiceConfigTemplate(text, name);
        template.FindPlaceholder();
        return template;
    }

    /// <summary>The template that is used where there is no file.</summary>
    /// <returns>The template.</returns>
    public static ExtensionServiceConfigTemplate Default() => Parse(BuiltIn + "\n", "built-in template");

    /// <summary>The value of a variable; null when it is not set.</summary>
    /// <param name="name">The variable.</param>
    /// <returns>The last value, which is the one that counts.</returns>
    public string? Variable(string name) => EnvironmentText.Value(Entries, name);

    /// <summary>The template with other settings.</summary>
    /// <param name="settings">What is to differ.</param>
    /// <returns>A new template.</returns>
    public ExtensionServiceConfigTemplate With(ExtensionServiceSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var text = Text;
        foreach (var (name, value) in Variables(settings))
            text = EnvironmentText.Set(text, Name, name, value);
        var edited = Parse(text, Name);
        foreach (var (name, value) in Variables(settings))
            if (edited.Variable(name) != value)
                throw TailnetErrors.TemplateInvalid.New(
                    $"'{Name}' is laid out in a way in which '{name}' cannot be set.",
                    Name
                );
        return edited;
    }

    /// <summary>The document with the key in the place of the placeholder.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The text for the rendered file: a secret.</returns>
    /// <exception cref="TsException">AuthKeyInvalid when the key does not survive the file's quoting.</exception>
    public string Render(AuthKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var scalar = FindPlaceholder();
        var at = Text.IndexOf(Placeholder, scalar.Span.Start, StringComparison.Ordinal);
        var rendered = string.Concat(Text.AsSpan(0, at), key.Reveal(), Text.AsSpan(at + Placeholder.Length));
        var expected = Scalars(Root).Select(s => s.Text.Replace(Placeholder, key.Reveal(), StringComparison.Ordinal));
        return Scalars(StrictYaml.ParseMapping(rendered, Name)).Select(s => s.Text).SequenceEqual(expected)
            ? rendered
            : throw TailnetErrors.AuthKeyInvalid.New(
                $"The key of '{key.Source}' has signs that mean something else in YAML at line {scalar.Line} of '{Name}'.",
                Name
            );
    }

    /// <summary>The document as it may be shown: placeholder in place, other secrets of the environment masked.</summary>
    /// <returns>The YAML.</returns>
    public string ToSafeText() =>
        string.Join(Placeholder, Text.Split(Placeholder).Select(part => MachineConfig.Redactor.Mask(part)));

    /// <summary>What containerboot and <c>tailscale up</c> would say to it.</summary>
    /// <param name="key">The key that goes in.</param>
    /// <returns>Findings, errors first.</returns>
    internal IReadOnlyList<ContainerbootFinding> Check(AuthKey key) =>
        ContainerbootRules.Check(
            // The key itself is not looked at; that there is one is.
            [.. Entries.Select(entry => entry.Replace(Placeholder, "key", StringComparison.Ordinal))],
            key
        );

    private IEnumerable<(string Name, string Value)> Variables(ExtensionServiceSettings settings)
    {
        if (settings.Hostname is { } hostname)
            yield return ("TS_HOSTNAME", hostname);
        if (settings.Routes is { } routes)
            yield return ("TS_ROUTES", string.Join(',', routes));
        if (settings.AcceptDns is { } dns)
            yield return ("TS_ACCEPT_DNS", dns ? "true" : "false");
        if (settings.AuthOnce is { } once)
            yield return ("TS_AUTH_ONCE", once ? "true" : "false");
        if (settings.Tags is not null || settings.LoginServer is not null || settings.ExtraArguments is { Count: > 0 })
            yield return ("TS_EXTRA_ARGS", ExtraArguments(settings));
        foreach (var (name, value) in settings.Environment)
            yield return (name, value);
    }

    // A flag that is given anew takes the place of the one in the template.
    private string ExtraArguments(ExtensionServiceSettings settings)
    {
        var added = new List<string>(settings.ExtraArguments ?? []);
        if (settings.Tags is { } tags)
            added.Insert(0, "--advertise-tags=" + string.Join(',', tags));
        if (settings.LoginServer is { } server)
            added.Insert(0, "--login-server=" + server.OriginalString);
        var names = added.Where(word => word.StartsWith('-')).Select(FlagName).ToHashSet(StringComparer.Ordinal);
        var kept = new List<string>();
        var dropping = false;
        foreach (var word in UpArguments.Words(Variable("TS_EXTRA_ARGS")))
        {
            dropping = word.StartsWith('-') ? names.Contains(FlagName(word)) : dropping;
            if (!dropping)
                kept.Add(word);
        }

        return string.Join(' ', kept.Concat(added));
    }

    private static string FlagName(string word) => word.TrimStart('-').Split('=')[0];

    private void Require(string key, string expected)
    {
        if (Root[key] is not YamlScalar scalar || scalar.Text != expected)
            throw TailnetErrors.TemplateInvalid.New(
                $"'{Name}' line {Root[key]?.Line ?? Root.Line}: '{key}: {expected}' was expected.",
                Name
            );
    }

    private YamlScalar FindPlaceholder()
    {
        YamlScalar? found = null;
        var count = 0;
        foreach (var scalar in Scalars(Root))
        {
            var here = scalar.Text.Split(Placeholder).Length - 1;
            count += here;
            found = here > 0 ? scalar : found;
        }

        return count == 1
            ? found!
            : throw TailnetErrors.TemplatePlaceholderMissing.New(
                $"'{Name}' has the placeholder '{Placeholder}' {count} times outside comments; once was expected.",
                Name
            );
    }

    private static IEnumerable<YamlScalar> Scalars(YamlValue value) =>
        value switch
        {
            YamlScalar scalar => [scalar],
            YamlSequence list => list.Items.SelectMany(Scalars),
            YamlMapping map => map.Entries.SelectMany(entry => Scalars(entry.Value).Prepend(entry.Key)),
            _ => [],
        };
}
