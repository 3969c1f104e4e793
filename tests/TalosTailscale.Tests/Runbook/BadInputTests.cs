using System.Security.Cryptography;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Images;
using TalosTailscale.Lab.Pki;
using TalosTailscale.Lab.Talos;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Runbook;

/// <summary>What a user may get wrong: a clear error with an advice, and nothing changed.</summary>
public sealed class BadInputTests : IAsyncLifetime
{
    private LabSession _session = null!;

    public async ValueTask InitializeAsync() => _session = await LabSession.StartAsync();

    public ValueTask DisposeAsync() => _session.DisposeAsync();

    [Fact]
    public void A_talosconfig_that_is_not_there() =>
        Refused("Get-TsNode | Set-TalosMachinePatch -TalosConfig ./no-such-talosconfig", "TalosConfigNotFound");

    [Fact]
    public void A_client_certificate_that_has_expired()
    {
        LabTalosApi api = _session.Lab.Part<LabTalosApi>()!;
        DateTimeOffset now = DateTimeOffset.UtcNow;
        LabCertificate expired = api.Authority.IssueClient(["os:admin"], now.AddYears(-1), now.AddDays(-1));
        string file = Save("expired", api.TalosConfig(expired));

        PowerShellResult result = Refused(
            "param($file) Get-TalosService -Node ampone -TalosConfig $file",
            "TalosClientCertificateExpired",
            ("file", file)
        );
        Assert.Contains(
            now.AddDays(-1).ToString("yyyy-MM-dd", null),
            result.Errors[0].Exception.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_certificate_authority_of_another_cluster()
    {
        LabTalosApi api = _session.Lab.Part<LabTalosApi>()!;
        LabAuthority other = LabAuthority.Create();
        string file = Save(
            "other",
            LabTalosConfig.Write("other", [api.Endpoint], [], other, other.IssueClient(["os:admin"]))
        );

        Refused(
            "param($file) Get-TalosService -Node ampone -TalosConfig $file",
            "TalosServerNotTrusted",
            ("file", file)
        );
    }

    [Theory]
    [InlineData("Get-TsNode ampoe")]
    [InlineData("Get-TalosService -Node ampoe")]
    [InlineData("New-TsExtensionServiceConfig -Node ampoe -AuthKeyReference 'env:PATH'")]
    [InlineData("Set-TalosMachinePatch -Node ampoe -Patch @{ machine = @{} }")]
    public void A_node_that_is_not_known(string script)
    {
        PowerShellResult result = Refused(script, "NodeNotFound");
        Assert.Contains("ampone", result.Errors[0].Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_without_the_placeholder()
    {
        string template = Path.Combine(
            _session.Devices,
            "ampone",
            "manifests",
            "tailscale-extension-service.template.yaml"
        );
        File.WriteAllText(
            template,
            File.ReadAllText(template).Replace("${TAILSCALE_AUTHKEY}", "", StringComparison.Ordinal)
        );

        Refused(
            "param($key) New-TsExtensionServiceConfig -Node ampone -AuthKeyReference $key",
            "TemplatePlaceholderMissing",
            ("key", _session.KeyReference)
        );
        Assert.False(File.Exists(Path.Combine(Path.GetDirectoryName(template)!, "tailscale-extension-service.yaml")));
    }

    [Theory]
    [InlineData("machine: [unclosed")]
    [InlineData("machine:\n\t- tab")]
    [InlineData("machine: &a [*a, *b]")]
    public void A_patch_that_is_no_yaml(string patch) =>
        Refused("param($patch) Set-TalosMachinePatch -Node ampone -Patch $patch", "YamlInvalid", ("patch", patch));

    [Fact]
    public void A_text_where_a_rendered_config_is_expected() =>
        Refused("'machine: {}' | Set-TalosMachinePatch -Node ampone", "InputObjectNotBound", advice: false);

    [Theory]
    [InlineData("Get-TsNode ampoe -ErrorAction SilentlyContinue | Restart-TalosNode -Confirm:$false")]
    [InlineData("Get-TsNode ampoe -ErrorAction SilentlyContinue | Set-TalosMachinePatch -Patch 'debug: true'")]
    public void A_pipeline_that_brings_no_node_changes_none(string script)
    {
        List<Guid> boots = [.. _session.Lab.Nodes.Select(node => node.BootId)];
        string before = State();

        _session.Invoke(script);

        Assert.Equal(before, State());
        Assert.Equal(boots, _session.Lab.Nodes.Select(node => node.BootId));
    }

    [Theory]
    [InlineData("Restart-TalosNode -Confirm:$false")]
    [InlineData("Set-TalosMachinePatch -Patch 'debug: true'")]
    public void A_change_without_a_node(string script) => Refused(script, "TalosNodeMissing");

    [Fact]
    public void An_iso_that_ends_too_early()
    {
        using var whole = new MemoryStream();
        LabImages.WriteIso(new LabUkiSpec { Kind = LabUkiKind.Iso }, whole);
        string file = Path.Combine(_session.Client.Folder, "short.iso");
        File.WriteAllBytes(file, whole.ToArray()[..300_000]);
        string target = Path.Combine(_session.Client.Folder, "out.efi");

        Refused("param($iso, $out) Export-Uki $iso $out", "ImageTruncated", ("iso", file), ("out", target));
        Assert.False(File.Exists(target));
        Refused("param($iso) Invoke-UkiSwap -Node ampone -Path $iso -Confirm:$false", "ImageTruncated", ("iso", file));
    }

    [Theory]
    [InlineData(TalosArchitecture.Amd64, "v1.12.4", "UkiArchitectureMismatch")]
    [InlineData(TalosArchitecture.Arm64, "v1.11.0", "UkiVersionMismatch")]
    public void An_image_of_another_architecture_or_version(
        TalosArchitecture architecture,
        string version,
        string errorId
    )
    {
        string file = Path.Combine(_session.Client.Folder, "other.efi");
        File.WriteAllBytes(file, LabImages.Uki(new LabUkiSpec { Architecture = architecture, Version = version }));

        Refused("param($uki) Invoke-UkiSwap -Node ampone -Path $uki -Confirm:$false", errorId, ("uki", file));
    }

    private PowerShellResult Refused(string script, string errorId, params (string Name, object? Value)[] values) =>
        Refused(script, errorId, advice: true, values);

    private PowerShellResult Refused(
        string script,
        string errorId,
        bool advice,
        params (string Name, object? Value)[] values
    )
    {
        string before = State();
        PowerShellResult result = _session.Invoke(script, values);

        if (advice)
            result.AssertError(errorId);
        else
            Assert.StartsWith(errorId, Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(before, State());
        Assert.Empty(_session.Pods);
        return result;
    }

    private string Save(string name, string text)
    {
        string file = Path.Combine(_session.Client.Folder, name);
        File.WriteAllText(file, text);
        return file;
    }

    // Configs and ESPs of all nodes.
    private string State() =>
        string.Join(
            '\n',
            _session.Lab.Nodes.SelectMany(node =>
                Directory
                    .EnumerateFiles(node.EspDirectory, "*", SearchOption.AllDirectories)
                    .Order()
                    .Select(file => file + Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file))))
                    .Append(node.ActiveConfig.Text)
                    .Append(node.PersistentConfig.Text)
            )
        );
}
