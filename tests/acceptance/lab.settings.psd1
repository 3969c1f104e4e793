# The lab: everything is allowed. The paths come from the environment that the rehearsal's -Serve prints.
@{
    AuthKeyReference = 'file:%TAILSCALE_AUTHKEY_FILE%'
    RegistryImage    = 'registry.ide-newton.ts.net/lab/registry-smoketest:1'
    Allow            = @('Render', 'MachineConfig', 'HelperPod', 'Activate', 'Pull')
}
