using System.Management.Automation;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Tailnet;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Runbook;

/// <summary>
/// Keys of every kind, made up at random, go into every cmdlet that can see one; what comes out, in every stream, object, error
/// and file but the rendered one and the config's own, is searched for them.
/// </summary>
public sealed class SecretPropertyTests
{
    private const string Letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz123456789";
    private const string Hex = "0123456789abcdef";

    private static readonly Gen<string> s_word = Gen.Char[Letters].Array[24, 40].Select(signs => new string(signs));
    private static readonly Gen<string> s_hex = Gen.Char[Hex].Array[32, 48].Select(signs => new string(signs));

    // The text as it stands somewhere, and the part of it that is worth something to a thief.
    private static readonly Gen<(string Text, string Secret)> s_key = Gen.OneOf(
        Gen.Select(s_word, word => ($"tskey-auth-k{word[..10]}CNTRL-{word}", word)),
        Gen.Select(s_word, word =>
            ($"tskey-client-k{word[..10]}CNTRL-{word}?ephemeral=false&preauthorized=true", word)
        ),
        Gen.Select(s_word, word => ($"tskey-api-k{word[..10]}CNTRL-{word}", word)),
        Gen.Select(s_word, word => ($"tskey-scim-k{word[..10]}CNTRL-{word}", word)),
        Gen.Select(s_word, word => ($"tskey-webhook-{word[..8]}-{word}", word)),
        Gen.Select(s_hex, word => ($"Authorization: Bearer {word}", word)),
        Gen.Select(s_hex, word => ($"TS_AUTHKEY={word}", word)),
        Gen.Select(s_word, word => ($"TS_CLIENT_SECRET={word}", word)),
        Gen.Select(s_word, word => ($"https://puller:{word}@registry.example.org/v2/", word)),
        Gen.Select(s_word, word => ($"password: {word}", word)),
        Gen.Select(s_word, word => ($"secretboxEncryptionSecret: {Base64(word)}", Base64(word))),
        Gen.Select(s_word, word =>
            ($"key: {Base64("-----BEGIN ED25519 PRIVATE KEY-----\n" + word)}", Base64(word)[4..20])
        ),
        Gen.Select(s_hex, word => ($"token: {word[..6]}.{word[6..22]}", word[6..22]))
    );

    [Fact]
    public void What_is_piped_or_read_offline_comes_out_without_its_keys()
    {
        using PowerShellSession session = PowerShellSession.Create();
        string folder = Directory.CreateTempSubdirectory("secrets-").FullName;
        s_key
            .Array[3]
            .Sample(
                keys =>
                    Offline(session, folder, [.. keys.Select(key => key.Text)], [.. keys.Select(key => key.Secret)]),
                iter: 60,
                threads: 1
            );
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task No_cmdlet_that_talks_to_a_node_or_the_tailnet_lets_a_key_out()
    {
        await using LabSession lab = await Validation.JoinedLab.StartAsync();
        string[] kinds = ["auth", "client", "api"];
        foreach (string kind in kinds)
        {
            string secret = RandomNumberGenerator.GetString(Letters, 32);
            string key = $"tskey-{kind}-k{RandomNumberGenerator.GetString(Letters, 11)}CNTRL-{secret}";
            await Validation.JoinedLab.ConfigureAsync(
                lab,
                new Dictionary<string, string> { ["TS_AUTHKEY"] = key, ["TS_EXTRA_ARGS"] = "--advertise-tags=tag:k8s" }
            );
            LabNode node = lab.Lab.Node("ampone");
            node.Logs["ext-tailscale"].Add($"boot: x tailscale up --authkey={key}");
            node.Logs["ext-tailscale"].Add($"backend error: invalid key: API key {key} not valid");
            string file = Path.Combine(lab.Client.Folder, "authkey-" + kind);
            await File.WriteAllTextAsync(file, key, TestContext.Current.CancellationToken);
            string report = Path.Combine(lab.Client.Folder, "report-" + kind);
            string[] scripts =
            [
                "Get-TsNode | Test-TsNode -Verbose -Debug",
                "Test-TsNode ampone -ReadEsp -Verbose -Debug",
                "Test-TsCluster -RegistryImage registry.ide-newton.ts.net/lab/registry-smoketest:1 -Verbose -Debug",
                "param($key, $report) Get-TsNode | Test-TsNode | Export-TsReport ($report + '.html') -Verbose",
                "param($key, $report) Get-TsNode | Test-TsNode | Export-TsReport ($report + '.json') -Verbose",
                "param($key, $report) Get-TsNode | Test-TsNode | Export-TsReport ($report + '.xml') -Title ([System.IO.File]::ReadAllText($key.Substring(5))) -Verbose",
                "Get-TalosLog -Node ampone -Id ext-tailscale -Verbose -Debug",
                "Get-TalosLog -Node ampone -Id ext-tailscale | Get-TsDiagnosis -Verbose -Debug",
                "Get-TalosService -Node ampone -Verbose -Debug",
                "param($key) Get-TsNode | New-TsExtensionServiceConfig -AuthKeyReference $key -Tag tag:k8s -Force -Verbose -Debug",
                "param($key) Get-TsNode | New-TsExtensionServiceConfig -AuthKeyReference $key -WhatIf -Verbose -Debug",
                "param($key) New-TsExtensionServiceConfig -Node ampone -AuthKeyReference ([System.IO.File]::ReadAllText($key.Substring(5))) -Verbose -Debug",
                "param($key) $s = [securestring]::new(); foreach ($c in [System.IO.File]::ReadAllText($key.Substring(5)).ToCharArray()) { $s.AppendChar($c) }; "
                    + "New-TsExtensionServiceConfig -Node ampone -AuthKey $s -Tag tag:k8s -Force -Verbose -Debug",
                "Get-TsNode | Set-TalosMachinePatch -WhatIf -Verbose -Debug",
                "Get-TsNode | Set-TalosMachinePatch -Verbose -Debug",
                "Get-TailnetDevice -Local -Verbose -Debug",
                "Get-TsNode -Discover -Verbose -Debug",
                "Get-TsNode | Install-TsNode -WhatIf -Verbose -Debug",
                "Update-TalosNodeAddress ampone -OldAddress 192.168.1.203 -NewAddress 192.168.1.204 -WhatIf -Verbose -Debug",
                "Get-TalosExtension -Node ampone -Verbose -Debug",
                "Get-TalosEsp ampone -Verbose -Debug",
            ];
            foreach (string script in scripts)
            {
                PowerShellResult result = lab.Invoke(
                    script.StartsWith("param($key, $report)", StringComparison.Ordinal)
                        ? script
                        : (
                            script.StartsWith("param($key)", StringComparison.Ordinal)
                                ? "param($key, $report)" + script["param($key)".Length..]
                                : "param($key, $report) " + script
                        ),
                    ("key", "file:" + file),
                    ("report", report)
                );
                AssertRan(result, script);
                Assert.False(
                    result.AllText().Contains(secret, StringComparison.Ordinal),
                    $"The {kind} key is in what '{script}' wrote."
                );
            }

            foreach (string written in Directory.EnumerateFiles(lab.Client.Folder, "*", SearchOption.AllDirectories))
            {
                string name = Path.GetFileName(written);
                if (
                    name.StartsWith("authkey", StringComparison.Ordinal)
                    || name == "tailscale-extension-service.yaml"
                    || name.EndsWith(".machineconfig.bak.yaml", StringComparison.Ordinal)
                )
                    continue;
                Assert.False(
                    (await File.ReadAllTextAsync(written, TestContext.Current.CancellationToken)).Contains(
                        secret,
                        StringComparison.Ordinal
                    ),
                    $"The {kind} key is in '{written}'."
                );
            }
        }
    }

    [Fact]
    public async Task A_key_that_the_API_makes_is_nowhere_but_in_its_SecureString()
    {
        await using LabSession lab = await LabSession.StartAsync();
        var tailnet = lab.Lab.Part<LabTailnet>()!;
        string token = tailnet.Api.Token;

        PowerShellResult result = lab.Invoke(
            """
            param($token)
            $s = [securestring]::new(); foreach ($c in $token.ToCharArray()) { $s.AppendChar($c) }
            New-TailnetAuthKey -ApiToken $s -Tag tag:talos -Verbose -Debug -Confirm:$false
            Get-TailnetDevice -ApiToken $s -Verbose -Debug
            New-TsExtensionServiceConfig -Node ampone -AuthKeyReference tailscale: -Verbose -Debug
            """,
            ("token", token)
        );

        string text = result.AllText();
        Assert.DoesNotContain(token, text, StringComparison.Ordinal);
        foreach (string made in tailnet.Keys.Select(key => key.Secret))
            Assert.DoesNotContain(made[(made.LastIndexOf('-') + 1)..], text, StringComparison.Ordinal);
    }

    private static void Offline(PowerShellSession session, string folder, string[] keys, string[] secrets)
    {
        string config = Path.Combine(folder, "node.yaml");
        File.WriteAllText(
            config,
            "machine:\n  type: worker\n  env:\n"
                + string.Concat(keys.Select((key, i) => $"    K{i}: |-\n      {key}\n"))
                + $"---\napiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: tailscale\nenvironment:\n  - TS_AUTHKEY={secrets[0]}\n"
        );
        var check = new TsCheck
        {
            Node = keys[0],
            Name = keys[1],
            Status = TsCheckStatus.Fail,
            Evidence = string.Join(' ', keys),
            Cause = keys[2],
            Fix = keys[0],
        };
        string[] scripts =
        [
            "param($keys, $check, $config, $folder) $keys | Get-TsDiagnosis -Verbose -Debug",
            "param($keys, $check, $config, $folder) @($check) | Export-TsReport ($folder + '/r.html') -Title $keys[0] -Verbose -Debug",
            "param($keys, $check, $config, $folder) @($check) | Export-TsReport ($folder + '/r.json') -Title $keys[1] -Verbose -Debug",
            "param($keys, $check, $config, $folder) @($check) | Export-TsReport ($folder + '/r.xml') -Title $keys[2] -Verbose -Debug",
            "param($keys, $check, $config, $folder) Set-TalosMachinePatch -Path $config -Patch \"machine:`n  type: controlplane`n  env:`n    K0: changed\" -Verbose -Debug",
            "param($keys, $check, $config, $folder) New-TsExtensionServiceConfig -Node ampone -AuthKeyReference $keys[0] -Verbose -Debug -WhatIf",
            "param($keys, $check, $config, $folder) '{' + $keys[0] | Get-TailnetDevice -Verbose -Debug",
        ];
        foreach (string script in scripts)
        {
            PowerShellResult result = session.Invoke(
                script,
                ("keys", keys),
                ("check", check),
                ("config", config),
                ("folder", folder)
            );
            AssertRan(result, script);
            string text = result.AllText();
            foreach (string secret in secrets)
                Assert.False(
                    text.Contains(secret, StringComparison.Ordinal),
                    $"'{secret}' of {string.Join(" | ", keys)} is in what '{script}' wrote:\n{text}"
                );
        }

        string[] reports = Directory.GetFiles(folder, "r.*");
        Assert.Equal(3, reports.Length);
        foreach (string file in reports)
        foreach (string secret in secrets)
            Assert.DoesNotContain(secret, File.ReadAllText(file), StringComparison.Ordinal);
    }

    // A script that was never run hides nothing.
    private static void AssertRan(PowerShellResult result, string script)
    {
        ErrorRecord? error = result.Errors.FirstOrDefault(error => error.Exception is ParameterBindingException);
        Assert.True(error is null, $"'{script}': {error?.Exception.Message}");
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
