using System.Text;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Tailnet;

/// <summary>A document with the key in it, checked and ready to be written.</summary>
public sealed class RenderedExtensionService
{
    private readonly string _text;

    private RenderedExtensionService(TsExtensionServiceConfig config, string text)
    {
        Config = config;
        _text = text;
    }

    /// <summary>What it says, without the key.</summary>
    public TsExtensionServiceConfig Config { get; }

    /// <summary>Renders the document of a node.</summary>
    /// <param name="node">The node; its name is the host name where nothing else says one.</param>
    /// <param name="template">What to start from.</param>
    /// <param name="settings">What is to differ from the template.</param>
    /// <param name="key">The key.</param>
    /// <param name="path">The file to write, absolute.</param>
    /// <param name="reporter">Hears the warnings.</param>
    /// <param name="acceptCutOff">True to render what cuts the node off from a LAN in the range of tailnets.</param>
    /// <returns>The rendered document.</returns>
    /// <exception cref="TsException">ExtensionServiceInvalid, LanInTailnetRange, TemplateInvalid, AuthKeyInvalid.</exception>
    public static RenderedExtensionService Create(
        TsNode node,
        ExtensionServiceConfigTemplate template,
        ExtensionServiceSettings settings,
        AuthKey key,
        string path,
        IReporter reporter,
        bool acceptCutOff = false
    )
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(template);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(reporter);
        RegisterSecrets(settings);
        var edited = template.With(settings);
        edited = edited.With(
            new ExtensionServiceSettings
            {
                Hostname = edited.Variable("TS_HOSTNAME") is null ? node.Name : null,
                AuthOnce = edited.Variable("TS_AUTH_ONCE") is null ? true : null,
            }
        );
        if (!UpArguments.Parse(edited.Variable("TS_EXTRA_ARGS")).HasOwnServer)
            key.RequireTailscale();
        if (TailnetRange.Contains(node.Address) && !TailnetAddresses.LeavesLan(edited.Variable("TS_EXTRA_ARGS")))
        {
            string found =
                $"The address of '{node.Name}' is {node.Address}, and TS_EXTRA_ARGS has neither --netfilter-mode=nodivert nor off.";
            if (!acceptCutOff)
                throw TailnetErrors.LanInTailnetRange.New(found, node.Name);
            reporter.Warning($"{found} It is rendered all the same, because of -Force.");
        }

        var findings = edited.Check(key);
        var errors = findings.Where(finding => finding.IsError).ToArray();
        if (errors.Length > 0)
            throw TailnetErrors.ExtensionServiceInvalid.New(
                $"The settings for node '{node.Name}' would be refused: {string.Join(" ", errors.Select(error => error.Message))}",
                node.Name,
                recommendedAction: errors[0].Fix
            );
        foreach (var warning in findings)
            reporter.Warning($"{node.Name}: {warning.Message} {warning.Fix}");
        return new RenderedExtensionService(Describe(node, edited, key, path), edited.Render(key));
    }

    /// <summary>Whether the file is there with this very content, readable by its owner alone.</summary>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>True when nothing has to be written.</returns>
    public async Task<bool> IsCurrentAsync(CancellationToken cancellationToken)
    {
        var file = new FileInfo(Config.Path);
        if (!file.Exists || file.Length != Encoding.UTF8.GetByteCount(_text))
            return false;
        if (
            !OperatingSystem.IsWindows()
            && File.GetUnixFileMode(Config.Path) != (UnixFileMode.UserRead | UnixFileMode.UserWrite)
        )
            return false;
        return string.Equals(
            await File.ReadAllTextAsync(Config.Path, cancellationToken).ConfigureAwait(false),
            _text,
            StringComparison.Ordinal
        );
    }

    /// <summary>Writes the file: 0600, atomically, its folder made.</summary>
    /// <param name="evenIfNotIgnored">True to write although git would take the file into a commit.</param>
    /// <param name="reporter">Hears what git said.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>What was written.</returns>
    /// <exception cref="TsException">RenderedFileNotIgnored, GitCheckFailed, RenderedFileNotWritten.</exception>
    public async Task<TsExtensionServiceConfig> WriteAsync(
        bool evenIfNotIgnored,
        IReporter reporter,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(reporter);
        var git = await GitIgnore.CheckAsync(Config.Path, cancellationToken).ConfigureAwait(false);
        if (!evenIfNotIgnored)
            Refuse(git);
        reporter.Verbose(
            git.State switch
            {
                GitIgnoreState.Ignored => $"{Config.Node.Name}: git ignores '{Config.Path}'.",
                GitIgnoreState.Outside => $"{Config.Node.Name}: '{Config.Path}' is in no git work tree.",
                GitIgnoreState.NotIgnored =>
                    $"{Config.Node.Name}: git does not ignore '{Config.Path}'; written all the same.",
                _ =>
                    $"{Config.Node.Name}: whether git ignores '{Config.Path}' is not known ({git.Reason}); written all the same.",
            }
        );
        try
        {
            await PrivateFile
                .ReplaceAsync(Config.Path, new UTF8Encoding(false).GetBytes(_text), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw TailnetErrors.RenderedFileNotWritten.New(
                $"'{Config.Path}' could not be written: {e.Message}",
                Config.Path,
                e
            );
        }

        reporter.Verbose($"{Config.Node.Name}: wrote '{Config.Path}' with the key; only its owner can read it.");
        return Config with { Written = true };
    }

    private void Refuse(GitIgnore git)
    {
        if (git.State == GitIgnoreState.NotIgnored)
            throw TailnetErrors.RenderedFileNotIgnored.New(
                $"Git does not ignore '{Config.Path}', which would hold the key; nothing was written.",
                Config.Path
            );
        if (git.State == GitIgnoreState.Unknown)
            throw TailnetErrors.GitCheckFailed.New(
                $"'{Config.Path}' would hold the key and is in a git work tree, but whether git ignores it is not known: {git.Reason}; nothing was written.",
                Config.Path,
                recommendedAction: git.Advice is null
                    ? null
                    : $"{git.Advice} or give -OutputPath outside of it, or -Force after a look at its .gitignore."
            );
    }

    /// <inheritdoc/>
    public override string ToString() => Config.ToString();

    private static TsExtensionServiceConfig Describe(
        TsNode node,
        ExtensionServiceConfigTemplate template,
        AuthKey key,
        string path
    )
    {
        var up = UpArguments.Parse(template.Variable("TS_EXTRA_ARGS"));
        return new TsExtensionServiceConfig
        {
            Yaml = template.ToSafeText(),
            Node = node,
            Path = path,
            Hostname = template.Variable("TS_HOSTNAME") ?? node.Name,
            Routes = Split(template.Variable("TS_ROUTES")),
            Tags = Split(up["advertise-tags"]),
            LoginServer = Uri.TryCreate(up["login-server"], UriKind.Absolute, out var server) ? server : null,
            AcceptDns = GoBool.TryParse(up["accept-dns"] ?? template.Variable("TS_ACCEPT_DNS"), out var dns) && dns,
            AuthOnce = GoBool.TryParse(template.Variable("TS_AUTH_ONCE"), out var once) && once,
            KeyKind = key.Kind,
            KeySource = key.Source,
            TemplatePath = Path.IsPathFullyQualified(template.Name) ? template.Name : null,
        };
    }

    private static string[] Split(string? list) => (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries);

    // Values of variables that are secrets by their name: masked wherever they would be shown.
    private static void RegisterSecrets(ExtensionServiceSettings settings)
    {
        foreach (var (name, value) in settings.Environment)
            if (
                name.Contains("KEY", StringComparison.OrdinalIgnoreCase)
                || name.Contains("SECRET", StringComparison.OrdinalIgnoreCase)
                || name.Contains("TOKEN", StringComparison.OrdinalIgnoreCase)
                || name.Contains("PASS", StringComparison.OrdinalIgnoreCase)
            )
                MachineConfig.Redactor.Register(value);
    }
}
