using TalosTailscale.Core.ImageFactory;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.ImageFactory;

/// <summary>New-TalosSchematic and Save-TalosImage through the real engine, against the lab's factory.</summary>
public sealed class ImageFactoryCmdletTests
{
    private const string Tailscale = "4a0d65c669d46663f377e7161e50cfd570c401f26fd9e7bda34a0216b6f1922b";

    [Fact]
    public void A_schematic_is_computed_offline()
    {
        using var ps = PowerShellSession.Create();
        var result = ps.Invoke(
            "New-TalosSchematic -Offline; 'siderolabs/iscsi-tools', 'siderolabs/tailscale' | New-TalosSchematic -Offline"
        );
        result.AssertNoErrors();
        Assert.Equal(2, result.Output.Count);
        Assert.Equal(Tailscale, result.Output[0].Properties["Id"].Value);
        Assert.Equal(false, result.Output[0].Properties["IsRegistered"].Value);
        Assert.Equal(
            (string[])["siderolabs/iscsi-tools", "siderolabs/tailscale"],
            (IEnumerable<string>)result.Output[1].Properties["Extensions"].Value
        );
    }

    [Fact]
    public async Task A_schematic_is_registered_and_files_give_one_each()
    {
        await using var factory = await FactoryFixture.StartAsync();
        await File.WriteAllTextAsync(
            factory.Folder["a.yaml"],
            "customization: {}",
            TestContext.Current.CancellationToken
        );
        await File.WriteAllTextAsync(
            factory.Folder["b.yaml"],
            "customisation: {}",
            TestContext.Current.CancellationToken
        );
        using var ps = PowerShellSession.Create();
        var result = ps.Invoke(
            "param($f, $p) New-TalosSchematic -Path $p -FactoryUri $f",
            ("f", factory.Factory.Address),
            ("p", factory.Folder["*.yaml"])
        );
        var error = Assert.Single(result.Errors);
        Assert.StartsWith("SchematicInvalid", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        var schematic = Assert.Single(result.Output);
        Assert.Equal(true, schematic.Properties["IsRegistered"].Value);
        Assert.Contains(factory.Factory.Requests, r => r is { Method: "POST", Path: "/schematics" });
    }

    [Fact]
    public async Task WhatIf_asks_nobody_and_still_tells_the_id()
    {
        await using var factory = await FactoryFixture.StartAsync();
        using var ps = PowerShellSession.Create();
        var result = ps.Invoke(
            "param($f, $d) New-TalosSchematic -FactoryUri $f -WhatIf; "
                + "Save-TalosImage -FactoryUri $f -Version v1.12.4 -Architecture Arm64 -Extension siderolabs/tailscale -Destination $d -WhatIf",
            ("f", factory.Factory.Address),
            ("d", factory.Folder.Path)
        );
        result.AssertNoErrors();
        Assert.Equal(Tailscale, Assert.Single(result.Output).Properties["Id"].Value);
        Assert.Empty(factory.Factory.Requests);
        Assert.Empty(Directory.GetFiles(factory.Folder.Path));
    }

    [Fact]
    public async Task An_image_is_saved_by_parameters_under_a_name_that_says_what_it_is()
    {
        await using var factory = await FactoryFixture.StartAsync();
        using var ps = PowerShellSession.Create();
        var result = ps.Invoke(
            "param($f, $d) New-TalosSchematic -FactoryUri $f | Save-TalosImage -FactoryUri $f -Version 1.12.4 -Architecture Arm64 -SecureBoot -Destination $d",
            ("f", factory.Factory.Address),
            ("d", factory.Folder.Path)
        );
        result.AssertNoErrors();
        var image = Assert.Single(result.Output);
        Assert.Equal("talos-v1.12.4-metal-arm64-secureboot-uki-4a0d65c6.efi", image.Properties["Name"].Value);
        Assert.Equal(
            FactoryFixture.Expected(secureBoot: true),
            await File.ReadAllBytesAsync((string)image.Properties["Path"].Value, TestContext.Current.CancellationToken)
        );
    }

    [Fact]
    public async Task An_installer_is_a_reference_and_nothing_is_downloaded()
    {
        await using var factory = await FactoryFixture.StartAsync();
        using var ps = PowerShellSession.Create();
        var result = ps.Invoke(
            "param($f) Save-TalosImage -Kind Installer -FactoryUri $f -Version v1.12.4 -Architecture Amd64 -Extension siderolabs/tailscale",
            ("f", factory.Factory.Address)
        );
        result.AssertNoErrors();
        Assert.Equal(
            $"factory.talos.dev/metal-installer/{Tailscale}:v1.12.4",
            Assert.Single(result.Output).Properties["InstallerImage"].Value
        );
        Assert.DoesNotContain(factory.Factory.Requests, r => r.Path.StartsWith("/image/", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("v1.99.0", "siderolabs/tailscale", "FactoryNotFound", "its newest is v1.13.0")]
    [InlineData(
        "v1.12.4",
        "siderolabs/tailscail",
        "FactoryRefused",
        "has no extension 'siderolabs/tailscail' for Talos v1.12.4"
    )]
    public async Task An_installer_that_no_node_could_pull_is_refused(
        string version,
        string extension,
        string errorId,
        string text
    )
    {
        await using var factory = await FactoryFixture.StartAsync();
        using var ps = PowerShellSession.Create();
        var result = ps.Invoke(
            "param($f, $v, $e) Save-TalosImage -Kind Installer -FactoryUri $f -Version $v -Architecture Amd64 -Extension $e",
            ("f", factory.Factory.Address),
            ("v", version),
            ("e", extension)
        );
        var error = Assert.Single(result.Errors);
        Assert.StartsWith(errorId, error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(text, error.Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proxy_is_asked_in_place_of_the_factory()
    {
        await using var factory = await FactoryFixture.StartAsync();
        using var ps = PowerShellSession.Create();
        // Nobody listens at the factory's address; the lab's factory also answers requests in the form for proxies.
        var result = ps.Invoke(
            "param($p, $d) Save-TalosImage -FactoryUri http://127.0.0.1:9/mirror -Proxy $p -Version v1.12.4 -Architecture Arm64 "
                + "-Extension siderolabs/tailscale -Destination $d",
            ("p", factory.Factory.Address),
            ("d", factory.Path)
        );
        // It is found by the path, which here begins with that of the mirror.
        Assert.StartsWith(
            "FactoryNotFound",
            Assert.Single(result.Errors).FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
        Assert.Contains(factory.Factory.Requests, r => r is { Method: "POST", Path: "/mirror/schematics" });
    }

    [Fact]
    public void Tab_offers_what_was_seen_before_and_asks_nobody()
    {
        using var ps = PowerShellSession.Create();
        ps.Invoke("New-TalosSchematic -Offline siderolabs/tailscale, siderolabs/zz-seen-before").AssertNoErrors();
        var extensions = ps.Invoke(
            "([System.Management.Automation.CommandCompletion]::CompleteInput('New-TalosSchematic -Extension siderolabs/zz', 42, $null)).CompletionMatches.CompletionText"
        );
        Assert.Equal("siderolabs/zz-seen-before", Assert.Single(extensions.Output).BaseObject);
        var ids = ps.Invoke(
            "([System.Management.Automation.CommandCompletion]::CompleteInput('Save-TalosImage -SchematicId ', 29, $null)).CompletionMatches.ToolTip"
        );
        Assert.Contains(
            "siderolabs/tailscale, siderolabs/zz-seen-before",
            ids.Output.Select(o => (string)o.BaseObject)
        );
    }

    [Fact]
    public async Task What_fails_verification_is_an_error_with_advice()
    {
        await using var factory = await FactoryFixture.StartAsync();
        factory.Faults.IsoUki = true;
        using var ps = PowerShellSession.Create();
        var result = ps.Invoke(
            "param($f, $d) Save-TalosImage -FactoryUri $f -Version v1.12.4 -Architecture Arm64 -Extension siderolabs/tailscale -Destination $d",
            ("f", factory.Factory.Address),
            ("d", factory.Folder["out.efi"])
        );
        var error = Assert.Single(result.Errors);
        Assert.StartsWith("ImageVerificationFailed", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.NotEmpty(error.ErrorDetails.RecommendedAction);
        Assert.Empty(result.Output);
        Assert.False(File.Exists(factory.Folder["out.efi"]));
    }

    [Theory]
    [InlineData("New-TalosSchematic -Offline -Extension tailscale", "ExtensionNameInvalid")]
    [InlineData("New-TalosSchematic -FactoryUri http://example.org", "FactoryUriInvalid")]
    [InlineData("Save-TalosImage -Version v1.12.4 -Architecture Arm64", "ImageChoiceIncomplete")]
    [InlineData("Save-TalosImage -Version v1.12.4 -Architecture Arm64 -SchematicId abc", "SchematicIdInvalid")]
    public void Mistakes_are_told_before_anything_is_sent(string script, string errorId)
    {
        using var ps = PowerShellSession.Create();
        var error = Assert.Single(ps.Invoke(script).Errors);
        Assert.StartsWith(errorId, error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopping_ends_at_once_and_keeps_what_came()
    {
        await using var factory = await FactoryFixture.StartAsync();
        factory.Faults.Stalls.Enqueue(100_000);
        using var ps = PowerShellSession.Create();
        var result = await ps.InvokeAndStopAsync(
            "param($f, $d) Save-TalosImage -FactoryUri $f -Version v1.12.4 -Architecture Arm64 -Extension siderolabs/tailscale -Destination $d",
            async () =>
            {
                while (
                    !File.Exists(factory.Path + ".partial") || new FileInfo(factory.Path + ".partial").Length < 90_000
                )
                    await Task.Delay(10, TestContext.Current.CancellationToken);
            },
            ("f", factory.Factory.Address),
            ("d", factory.Path)
        );
        Assert.Empty(result.Errors);
        Assert.False(File.Exists(factory.Path));
        Assert.True(File.Exists(factory.Path + ".partial"));
    }

    [Fact]
    public void The_cache_offers_what_was_seen_and_survives_being_damaged()
    {
        using var folder = new TalosTailscale.Tests.TemporaryFolder();
        var path = folder["cache/factory.json"];
        Assert.Empty(FactoryCache.Load(path).Schematics);
        var schematic = Schematic.FromExtensions(["siderolabs/tailscale"]).ToModel();
        Assert.True(FactoryCache.Load(path).With(schematic).With(schematic).With(["v1.12.4"], []).Save(path));
        var cache = FactoryCache.Load(path);
        Assert.Equal(Tailscale, Assert.Single(cache.Schematics).Id);
        Assert.Equal(["v1.12.4"], cache.Versions);
        Assert.Equal(["siderolabs/tailscale"], cache.Extensions);
        File.WriteAllText(path, "{");
        Assert.Empty(FactoryCache.Load(path).Schematics);
    }
}
